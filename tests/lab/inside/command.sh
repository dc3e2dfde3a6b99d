# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs a shell command line that a scenario gave to one of two hosts (pair.sh), with all helpers at
# hand but those that make checks: checks are made on lab1.

set -eu -o pipefail

. /lab/inside/tap.sh
. /lab/inside/hardware.sh
. /lab/inside/clean.sh
. /lab/inside/guest.sh
. /lab/inside/pair.sh

eval "$1"
