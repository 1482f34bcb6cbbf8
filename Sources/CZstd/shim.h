#ifndef CATALOG_CZSTD_SHIM_H
#define CATALOG_CZSTD_SHIM_H

#include <zstd.h>

#endif
