// SPDX-License-Identifier: Apache-2.0
/* store/sql/pg_binary.h — PostgreSQL's binary forms of the types that we use. Everything is big-endian;
 * numeric (what SUM(bigint) and AVG yield) is a row of base-10,000 digits. */
#pragma once
#include "base/base.h"
#include "store/sql.h"

struct pg_field {
    unsigned type;
    bool is_null;
    const char *bytes;
    size_t len;
};

enum sql_type pg_kind_of(unsigned type);
int64_t pg_int(const struct pg_field *field); /* 0 for NULL; text is parsed */
double pg_real(const struct pg_field *field);
const char *pg_put_int64(unsigned char out[8], int64_t number);
const char *pg_put_real(unsigned char out[8], double number);
uint64_t pg_get(const char *bytes, size_t len); /* big-endian, up to 8 bytes */
