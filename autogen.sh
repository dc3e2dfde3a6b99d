#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure and its helpers from a checkout. Run configure afterwards, best in a directory of
# its own: mkdir build && cd build && ../configure
set -e
cd "$(dirname "$0")"
mkdir -p m4
exec autoreconf --install --force --warnings=all,no-obsolete
