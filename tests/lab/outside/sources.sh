# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Prints the package sources of a release, derived from the sources that this machine uses, so that
# a tree comes from wherever the admin's packages come from and no mirror is ever named here.
# Takes Debian's own suites only (release, -updates, -security), never third parties; backports only
# where they are asked for.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

codename() {
    case $1 in
        12) echo bookworm ;;
        13) echo trixie ;;
        *) die "unknown Debian release '$1': the lab knows 12 and 13" ;;
    esac
}

# stdin: one-line sources; stdout: "URI SUITE COMPONENT..." per line
read_one_line_sources() {
    sed -nE 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^#]+).*$/\2/p'
}

# stdin: deb822 sources; stdout as above. A stanza ends at an empty line, a field's value may go on
# in indented lines, and a stanza may be disabled.
read_deb822_sources() {
    awk '
        function flush(    i, j, uris, suites, nuris, nsuites) {
            nuris = split(field["uris"], uris, " ")
            nsuites = split(field["suites"], suites, " ")
            if (field["types"] ~ /(^| )deb( |$)/ && field["enabled"] !~ /^ *(no|false|off|0) *$/)
                for (i = 1; i <= nuris; i++)
                    for (j = 1; j <= nsuites; j++)
                        print uris[i], suites[j], field["components"]
            delete field
        }
        /^#/ { next }
        /^[[:space:]]*$/ { flush(); next }
        /^[[:space:]]/ { field[name] = field[name] " " $0; next }
        { name = tolower($0); sub(/:.*/, "", name); value = $0; sub(/^[^:]*:/, "", value)
          field[name] = value }
        END { flush() }'
}

# debian_sources RELEASE: one-line sources of that release on stdout
debian_sources() {
    local target=$1 file suite components uri codename lines
    codename=$(codename "$target")
    lines=$(
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
            if [ -f "$file" ]; then read_one_line_sources <"$file"; fi
        done
        for file in /etc/apt/sources.list.d/*.sources; do
            if [ -f "$file" ]; then read_deb822_sources <"$file"; fi
        done
    )
    lines=$(
        while read -r uri suite components; do
            case $suite in
                bookworm | bookworm-updates | bookworm-security | \
                    trixie | trixie-updates | trixie-security)
                    suite=$codename${suite#"${suite%%-*}"}
                    echo "deb [signed-by=$DEBIAN_KEYRING] $uri $suite $components"
                    ;;
            esac
        done <<<"$lines" | sort -u
    )
    [ -n "$lines" ] || die "found no Debian 12 or 13 entry in this machine's apt sources"
    printf '%s\n' "$lines"
}

# debian_backports RELEASE: that release's, from where its packages come from
debian_backports() {
    local target=$1 codename
    codename=$(codename "$target")
    debian_sources "$target" | sed -n "s/ $codename / $codename-backports /p"
}
