#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh TARGET...: builds the library and the fuzz targets with clang's fuzzer and sanitizers in
# ./fuzz, and runs each target for FUZZ_SECONDS. `make fuzz` calls it and sets FUZZ_SRCDIR,
# FUZZ_SOURCES (headers among them are left out), FUZZ_CPPFLAGS and FUZZ_LIBS. What is found stays
# in fuzz/TARGET: inputs that reach new code in corpus/, and those that fail beside it.
set -eu

compiler=${FUZZ_CC:-clang}
flags="-g -O1 -std=gnu11 -fno-omit-frame-pointer -fno-sanitize-recover=undefined"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"

# One object a source, a few at a time.
build_library() {
    mkdir -p fuzz/objects
    rm -f fuzz/objects/* fuzz/library.a
    for source in $FUZZ_SOURCES; do
        case $source in
        *.h) continue ;;
        esac
        # made ones are here, all others in the source tree
        [ -f "$source" ] || source=$FUZZ_SRCDIR/$source
        printf '%s %s\n' "$source" "$(basename "$source" .c)"
    done | xargs -P 2 -L 1 sh -c "$compiler $flags -fsanitize=fuzzer-no-link,address,undefined \
        $FUZZ_CPPFLAGS -c \"\$0\" -o \"fuzz/objects/\$1.o\""
    ar rcs fuzz/library.a fuzz/objects/*.o
}

build_target() {
    # shellcheck disable=SC2086  # flags are words
    $compiler $flags -fsanitize=fuzzer,address,undefined $FUZZ_CPPFLAGS \
        "$FUZZ_SRCDIR/tests/fuzz/fuzz-$1.c" -o "fuzz/fuzz-$1" fuzz/library.a $FUZZ_LIBS
}

run_target() {
    dictionary=$FUZZ_SRCDIR/tests/fuzz/dictionary/$1.dict
    mkdir -p "fuzz/$1/corpus"
    printf '%s\n' "fuzzing $1 for ${FUZZ_SECONDS:-30} s"
    set -- "$1" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="fuzz/$1/" -print_final_stats=1
    if [ -f "$dictionary" ]; then
        set -- "$@" -dict="$dictionary"
    fi
    target=$1
    shift
    if "./fuzz/fuzz-$target" "$@" "fuzz/$target/corpus" "$FUZZ_SRCDIR/tests/fuzz/corpus/$target" \
        > "fuzz/$target/log" 2>&1; then
        tail -n 8 "fuzz/$target/log"
        return 0
    fi
    tail -n 40 "fuzz/$target/log"
    return 1
}

failed=
build_library
for target in "$@"; do
    build_target "$target"
    run_target "$target" || failed="$failed $target"
done
if [ -n "$failed" ]; then
    echo "fuzzing failed:$failed; see fuzz/" >&2
    exit 1
fi
