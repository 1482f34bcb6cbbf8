"""What many catalogs are today: an async web framework in front of Redis."""

import os

import redis.asyncio as redis
from fastapi import FastAPI, HTTPException, Response

app = FastAPI(openapi_url=None)
store = redis.Redis(unix_socket_path=os.environ["REDIS_SOCKET"])


@app.get("/{path:path}")
async def entity(path: str) -> Response:
    """Answers with the body that lies under the last part of the path."""
    body = await store.get(path.rpartition("/")[2])
    if body is None:
        raise HTTPException(404)
    return Response(body, media_type="application/json", headers={"X-Cache": "HIT"})
