/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides from the raw bytes of a domain's XML whether it is any of our business, so that a domain
 * without requests costs no parser and no library. A guess may be wrong towards "yes" (a title that
 * quotes the namespace): the module parses properly. libvirt writes what we look for in one way
 * only, and escapes '<' in text; quotes of either kind are taken. It reads nothing beyond @length.
 */
#include "scan.h"

#include <string.h>

#define NAMESPACE "https://libiovpool.org/xmlns/domain/1"
#define UUID_LENGTH 36

/* A range of bytes, not terminated. */
typedef struct {
    const char *at, *end;
} Range;

static const char *
find(Range range, const char *needle)
{
    return memmem(range.at, (size_t)(range.end - range.at), needle, strlen(needle));
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space(Range *range)
{
    while (range->at < range->end && is_space(*range->at))
        range->at++;
}

static bool
skip(Range *range, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(range->end - range->at) < length || memcmp(range->at, text, length) != 0)
        return false;
    range->at += length;
    return true;
}

/* @range begins behind the attribute's name: = "yes" */
static bool
is_yes(Range range)
{
    skip_space(&range);
    if (!skip(&range, "="))
        return false;
    skip_space(&range);
    return skip(&range, "\"yes\"") || skip(&range, "'yes'");
}

/* From the namespace to the end of <metadata>: an attribute of another's metadata in between would
 * count as ours, which matters only until the module has parsed. */
static bool
find_required(Range range)
{
    static const char name[] = "required";
    const char *end = find(range, "</metadata>");

    if (end != NULL)
        range.end = end;
    for (const char *at; (at = find(range, name)) != NULL;) {
        range.at = at + sizeof(name) - 1;
        if (is_space(at[-1]) && is_yes(range))
            return true;
    }
    return false;
}

static bool
is_hexadecimal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* libvirt writes the domain's <uuid> before everything that a guest's owner can choose but its
 * name, which is escaped: the first one is the domain's. */
static void
find_uuid(Range range, char uuid[static UUID_LENGTH + 1])
{
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    uuid[0] = '\0';
    range.at = find(range, "<uuid>");
    if (range.at == NULL)
        return;
    skip(&range, "<uuid>");
    skip_space(&range);
    if (range.end - range.at < UUID_LENGTH)
        return;
    for (size_t i = 0; i < UUID_LENGTH; i++) {
        char c = range.at[i];
        char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;

        if (pattern[i] == '-' ? c != '-' : !is_hexadecimal(lower)) {
            uuid[0] = '\0';
            return;
        }
        uuid[i] = lower;
    }
    uuid[UUID_LENGTH] = '\0';
}

void
iov_hook_scan(const char *xml, size_t length, IovHookScan *scan)
{
    Range whole = {xml, xml + length};
    const char *request = find(whole, NAMESPACE);

    scan->has_request = request != NULL;
    scan->has_hostdev = find(whole, "<hostdev") != NULL || find(whole, "type='hostdev'") != NULL ||
                        find(whole, "type=\"hostdev\"") != NULL;
    scan->has_direct =
        find(whole, "type='direct'") != NULL || find(whole, "type=\"direct\"") != NULL;
    scan->has_required =
        request != NULL && find_required((Range){request + strlen(NAMESPACE), whole.end});
    find_uuid(whole, scan->uuid);
}
