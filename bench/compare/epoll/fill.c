// Writes the files of a folder into an LMDB environment: the name is the key, the content the value.
// Usage: fill FOLDER DIRECTORY
#include <dirent.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *what, int code) {
    if (code == 0) return;
    fprintf(stderr, "%s: %s\n", what, mdb_strerror(code));
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: fill FOLDER DIRECTORY\n");
        return 2;
    }
    MDB_env *environment;
    MDB_txn *transaction;
    MDB_dbi bodies;
    check("create", mdb_env_create(&environment));
    check("tables", mdb_env_set_maxdbs(environment, 4));
    check("size", mdb_env_set_mapsize(environment, (size_t)1 << 30));
    check("open", mdb_env_open(environment, arguments[2], MDB_NOSYNC, 0644));
    check("begin", mdb_txn_begin(environment, NULL, 0, &transaction));
    check("table", mdb_dbi_open(transaction, "bodies", MDB_CREATE, &bodies));
    DIR *folder = opendir(arguments[1]);
    if (!folder) return perror(arguments[1]), 1;
    static char body[1 << 20];
    static char path[4096];
    long entries = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", arguments[1], entry->d_name);
        FILE *file = fopen(path, "rb");
        if (!file) return perror(path), 1;
        size_t length = fread(body, 1, sizeof body, file);
        fclose(file);
        MDB_val key = { strlen(entry->d_name), entry->d_name };
        MDB_val value = { length, body };
        check("put", mdb_put(transaction, bodies, &key, &value, 0));
        entries++;
    }
    closedir(folder);
    check("commit", mdb_txn_commit(transaction));
    mdb_env_close(environment);
    printf("%ld bodies\n", entries);
    return 0;
}
