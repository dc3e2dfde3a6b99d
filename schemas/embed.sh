#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# embed.sh DIRECTORY SED: prints a C file that holds the schemas of DIRECTORY.
set -eu

cat <<'END'
/* Made by schemas/embed.sh. */
#include "iov-schema.h"

const char *
iov_schema_text(IovSchema schema)
{
    static const char *const texts[] = {
END
print_schema() {
    printf '        [%s] =\n' "$1"
    "$sed" -e 's/[\\"]/\\&/g' -e 's/^/            "/' -e 's/$/\\n"/' "$2"
    printf '            "",\n'
}
sed=$2
print_schema IOV_SCHEMA_POOL "$1/pool.rng"
print_schema IOV_SCHEMA_DOMAIN_METADATA "$1/domain-metadata.rng"
cat <<'END'
    };

    return texts[schema];
}
END
