"""Writes the files of a folder into Redis: the name is the key, the content the value."""

import os
import sys

import redis

store = redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"])
pipe = store.pipeline(transaction=False)
for entry in os.scandir(sys.argv[1]):
    with open(entry.path, "rb") as file:
        pipe.set(entry.name, file.read())
pipe.execute()
