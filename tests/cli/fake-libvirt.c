/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake domain: two XML documents, and libvirt's functions on them. Answers as the qemu driver
 * does where it matters to iovpool: metadata gets its namespace from the call, a detached device
 * leaves when the guest lets it, aliases of users are kept.
 */
#include "fake-libvirt.h"

#include "event-loop.h"
#include "iov-request.h"

#include <check.h>
#include <dlfcn.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <string.h>

#define NAME "vm1"
#define UUID "11111111-2222-4333-8444-555555555555"

FakeLibvirt fake;
static xmlDoc *docs[2]; /* config, live */
static virConnectDomainEventDeviceRemovedCallback on_removed;
static virConnectDomainEventDeviceRemovalFailedCallback on_refused;
static void *on_removed_data, *on_refused_data;
static virFreeCallback release_removed, release_refused;
static EventLoop *loop;

static const char *const template =
    "<domain type='kvm'><name>" NAME "</name><uuid>" UUID "</uuid><memory>1048576</memory>"
    "<os><type arch='x86_64' machine='%s'>hvm</type></os><metadata/><devices>"
    "<controller type='pci' index='0' model='%s'/>%s</devices></domain>";
static const char *const ports = "<controller type='pci' index='1' model='pcie-root-port'/>"
                                 "<controller type='pci' index='2' model='pcie-root-port'/>";

static void
quiet(void *data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

void
fake_set_up(const char *machine, gboolean running)
{
    gboolean pcie = g_str_has_prefix(machine, "pc-q35");
    g_autofree char *xml =
        g_strdup_printf(template, machine, pcie ? "pcie-root" : "pci-root", pcie ? ports : "");

    fake = (FakeLibvirt){.persistent = TRUE};
    virSetErrorFunc(NULL, quiet);
    ck_assert(event_loop_register(NULL));
    loop = event_loop_start();
    fake.connection = virConnectOpen("test:///default");
    ck_assert_ptr_nonnull(fake.connection);
    /* for the test driver, vm1 is a name and a UUID */
    virDomainPtr domain =
        virDomainDefineXML(fake.connection, "<domain type='test'><name>" NAME "</name><uuid>" UUID
                                            "</uuid><memory>1024</memory><os><type arch='x86_64'>"
                                            "hvm</type></os></domain>");
    ck_assert_ptr_nonnull(domain);
    virDomainFree(domain);
    docs[0] = xmlReadMemory(xml, (int)strlen(xml), "vm1", NULL, 0);
    docs[1] = running ? xmlCopyDoc(docs[0], 1) : NULL;
}

void
fake_tear_down(void)
{
    xmlFreeDoc(docs[0]);
    if (docs[1] != NULL)
        xmlFreeDoc(docs[1]);
    docs[0] = docs[1] = NULL;
    virConnectClose(fake.connection);
    event_loop_stop(loop);
}

char *
fake_xml(gboolean live)
{
    xmlChar *text = NULL;
    int length = 0;

    xmlDocDumpFormatMemory(docs[live], &text, &length, 1);
    char *copy = g_strndup((const char *)text, (gsize)length);
    xmlFree(text);
    return copy;
}

static xmlXPathObject *
evaluate(xmlDoc *doc, const char *expression)
{
    xmlXPathContext *context = xmlXPathNewContext(doc);

    xmlXPathRegisterNs(context, BAD_CAST "iov", BAD_CAST IOV_REQUEST_NAMESPACE);
    xmlXPathObject *object = xmlXPathEvalExpression(BAD_CAST expression, context);
    xmlXPathFreeContext(context);
    ck_assert_msg(object != NULL, "bad expression: %s", expression);
    return object;
}

static xmlNode *
find(xmlDoc *doc, const char *expression)
{
    xmlXPathObject *object = evaluate(doc, expression);
    xmlNode *node = object->nodesetval != NULL && object->nodesetval->nodeNr > 0
                        ? object->nodesetval->nodeTab[0]
                        : NULL;

    xmlXPathFreeObject(object);
    return node;
}

guint
fake_count(gboolean live, const char *expression)
{
    xmlXPathObject *object = evaluate(docs[live], expression);
    guint count = object->nodesetval != NULL ? (guint)object->nodesetval->nodeNr : 0;

    xmlXPathFreeObject(object);
    return count;
}

static void
add(xmlDoc *doc, const char *parent, const char *xml)
{
    xmlDoc *part = xmlReadMemory(xml, (int)strlen(xml), "device", NULL, 0);

    ck_assert_msg(part != NULL, "no XML: %s", xml);
    xmlAddChild(find(doc, parent), xmlDocCopyNode(xmlDocGetRootElement(part), doc, 1));
    xmlFreeDoc(part);
}

void
fake_add(const char *parent, const char *xml)
{
    add(docs[0], parent, xml);
    if (docs[1] != NULL)
        add(docs[1], parent, xml);
}

/* TRUE where this change is the one that fails. */
static gboolean
count_effect(void)
{
    virResetLastError();
    return ++fake.effects == fake.fail_at;
}

static gboolean
is_fake(virDomainPtr domain)
{
    return strcmp(virDomainGetName(domain), NAME) == 0;
}

static xmlDoc *
affected(unsigned int flags)
{
    ck_assert_msg(flags == VIR_DOMAIN_AFFECT_LIVE || flags == VIR_DOMAIN_AFFECT_CONFIG,
                  "flags %u: one scope at a time", flags);
    return docs[flags == VIR_DOMAIN_AFFECT_LIVE];
}

char *
virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
    gboolean live = docs[1] != NULL && (flags & VIR_DOMAIN_XML_INACTIVE) == 0;

    if (!is_fake(domain)) {
        char *(*real)(virDomainPtr, unsigned int) = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");
        return real(domain, flags);
    }
    g_autofree char *xml = fake_xml(live);
    return strdup(xml); /* the caller uses free(3), as with libvirt */
}

int
virDomainIsActive(virDomainPtr domain G_GNUC_UNUSED)
{
    return docs[1] != NULL;
}

int
virDomainGetState(virDomainPtr domain G_GNUC_UNUSED, int *state, int *reason,
                  unsigned int flags G_GNUC_UNUSED)
{
    if (docs[1] == NULL)
        *state = VIR_DOMAIN_SHUTOFF;
    else
        *state = fake.paused ? VIR_DOMAIN_PAUSED : VIR_DOMAIN_RUNNING;
    if (reason != NULL)
        *reason = 0;
    return 0;
}

int
virDomainIsPersistent(virDomainPtr domain G_GNUC_UNUSED)
{
    return fake.persistent;
}

int
virDomainSetMetadata(virDomainPtr domain G_GNUC_UNUSED, int type, const char *metadata,
                     const char *key, const char *uri, unsigned int flags)
{
    xmlDoc *doc = affected(flags);

    ck_assert_int_eq(type, VIR_DOMAIN_METADATA_ELEMENT);
    if (count_effect())
        return -1;
    xmlNode *old = find(doc, "/domain/metadata/iov:requests");
    if (old != NULL) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
    if (metadata == NULL)
        return 0;
    /* as libvirt does it: the element comes without the namespace of the call */
    ck_assert_msg(strstr(metadata, uri) == NULL, "%s declares its namespace", metadata);
    g_autofree char *open = g_strdup_printf("<%s:", key);
    g_autofree char *close = g_strdup_printf("</%s:", key);
    g_auto(GStrv) ends = g_strsplit(metadata, "</", -1);
    g_autofree char *half = g_strjoinv("\1", ends);
    g_auto(GStrv) starts = g_strsplit(half, "<", -1);
    g_autofree char *opened = g_strjoinv(open, starts);
    g_auto(GStrv) again = g_strsplit(opened, "\1", -1);
    g_autofree char *prefixed = g_strjoinv(close, again);
    g_autofree char *declaration = g_strdup_printf("requests xmlns:%s='%s'", key, uri);
    g_auto(GStrv) first = g_strsplit(prefixed, "requests", 2);
    g_autofree char *whole = g_strjoinv(declaration, first);
    add(doc, "/domain/metadata", whole);
    return 0;
}

int
virDomainAttachDeviceFlags(virDomainPtr domain G_GNUC_UNUSED, const char *xml, unsigned int flags)
{
    xmlDoc *doc = affected(flags);

    if (count_effect())
        return -1;
    add(doc, "/domain/devices", xml);
    if (fake.on_attach != NULL)
        fake.on_attach(xml);
    return 0;
}

typedef struct {
    xmlDoc *doc;
    char *alias;
} Removal;

static void
remove_device(xmlDoc *doc, const char *alias)
{
    g_autofree char *path = g_strdup_printf("/domain/devices/*[alias/@name='%s']", alias);
    xmlNode *node = find(doc, path);

    ck_assert_ptr_nonnull(node);
    xmlUnlinkNode(node);
    xmlFreeNode(node);
    if (fake.on_detach != NULL)
        fake.on_detach(alias);
}

static void
answer(int timer, void *data)
{
    Removal *removal = data;
    virDomainPtr domain = virDomainLookupByName(fake.connection, NAME);

    virEventRemoveTimeout(timer);
    if (fake.removal == FAKE_REFUSES) {
        on_refused(fake.connection, domain, removal->alias, on_refused_data);
    } else {
        remove_device(removal->doc, removal->alias);
        on_removed(fake.connection, domain, removal->alias, on_removed_data);
    }
    virDomainFree(domain);
    g_free(removal->alias);
    g_free(removal);
}

int
virDomainDetachDeviceAlias(virDomainPtr domain G_GNUC_UNUSED, const char *alias, unsigned int flags)
{
    xmlDoc *doc = affected(flags);
    Removal *removal = NULL;

    if (count_effect())
        return -1;
    if (fake.removal == FAKE_REMOVES || flags != VIR_DOMAIN_AFFECT_LIVE) {
        remove_device(doc, alias);
        return 0;
    }
    removal = g_new0(Removal, 1);
    removal->doc = doc;
    removal->alias = g_strdup(alias);
    virEventAddTimeout(1, answer, removal, NULL);
    return 0;
}

int
virConnectDomainEventRegisterAny(virConnectPtr connection G_GNUC_UNUSED,
                                 virDomainPtr domain G_GNUC_UNUSED, int event,
                                 virConnectDomainEventGenericCallback callback, void *data,
                                 virFreeCallback release)
{
    if (event == VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED) {
        on_removed = (virConnectDomainEventDeviceRemovedCallback)(void (*)(void))callback;
        on_removed_data = data;
        release_removed = release;
    } else {
        on_refused = (virConnectDomainEventDeviceRemovalFailedCallback)(void (*)(void))callback;
        on_refused_data = data;
        release_refused = release;
    }
    return event;
}

int
virConnectDomainEventDeregisterAny(virConnectPtr connection G_GNUC_UNUSED, int callback)
{
    if (callback == VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED)
        release_removed(on_removed_data);
    else
        release_refused(on_refused_data);
    return 0;
}
