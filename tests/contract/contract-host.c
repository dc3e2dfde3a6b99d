/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iov-contract-host PF... [-p PLAIN]: the host contract over the kernel of this machine, adapter by
 * adapter. It removes and makes the VFs of each PF named, so it is for the lab. Needs root, an
 * IOMMU, and the modules of the VFs' drivers loaded. PLAIN is a PCI device without SR-IOV,
 * 0000:00:00.0 unless told.
 */
#include "contract-suite.h"
#include "iov-io.h"
#include "test-support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int held = -1;

static IovHost *
open_host(void)
{
    g_autoptr(GError) error = NULL;
    IovHost *host = iov_host_linux_new("/", &error);

    if (host == NULL)
        fprintf(stderr, "%s\n", error->message);
    return host;
}

static void
hold(IovHost *host, int iommu_group)
{
    g_autofree char *path = g_strdup_printf("/dev/vfio/%d", iommu_group);

    (void)host;
    held = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_msg(held >= 0, "cannot open %s", path);
}

static void
release(IovHost *host, int iommu_group)
{
    (void)host;
    (void)iommu_group;
    iov_io_close(&held);
}

/* By bridge(8), of iproute2. */
static gboolean
has_filter(IovHost *host, const char *netdev, const char *mac)
{
    g_autofree char *command = g_strdup_printf("bridge fdb show dev %s", netdev);
    g_autofree char *output = NULL;
    int status = -1;

    (void)host;
    ck_assert(g_spawn_command_line_sync(command, &output, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
    g_autofree char *line = g_strdup_printf("%s self", mac);
    return strstr(output, line) != NULL;
}

/* The network driver of the VFs, where it is known and loaded. */
static const char *
vf_driver_of(const IovAdapter *adapter)
{
    static const char *const drivers[][2] = {
        {"igb", "igbvf"}, {"ixgbe", "ixgbevf"}, {"i40e", "iavf"}, {"ice", "iavf"}};
    const char *driver = iov_adapter_get_driver(adapter);

    for (gsize i = 0; driver != NULL && i < G_N_ELEMENTS(drivers); i++) {
        g_autofree char *path = g_strdup_printf("/sys/bus/pci/drivers/%s", drivers[i][1]);

        if (strcmp(driver, drivers[i][0]) == 0 && g_file_test(path, G_FILE_TEST_IS_DIR))
            return drivers[i][1];
    }
    return NULL;
}

static int
run(const char *pf, const char *plain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovHost) host = open_host();
    g_autoptr(IovAdapter) adapter = host != NULL ? iov_host_get_adapter(host, pf, &error) : NULL;
    const char *netdev = adapter != NULL ? iov_adapter_get_netdev(adapter) : NULL;

    if (adapter == NULL) {
        fprintf(stderr, "%s: %s\n", pf, error != NULL ? error->message : "no host");
        return EXIT_FAILURE;
    }
    const ContractSubject subject = {.name = pf,
                                     .open = open_host,
                                     .pf = pf,
                                     .plain = plain,
                                     .vf_driver = netdev != NULL ? vf_driver_of(adapter) : NULL,
                                     .has_policy = netdev != NULL,
                                     .hold = hold,
                                     .release = release,
                                     .has_filter = has_filter};
    if (netdev == NULL)
        printf("%s: no netdev, so nothing of links and VF policies\n", pf);
    else if (subject.vf_driver == NULL)
        printf("%s: no VF driver loaded, so nothing of VF netdevs\n", pf);
    return run_suite(contract_suite(&subject));
}

int
main(int argc, char **argv)
{
    const char *plain = "0000:00:00.0";
    int status = EXIT_SUCCESS;
    int option;

    while ((option = getopt(argc, argv, "p:")) == 'p')
        plain = optarg;
    if (option != -1 || optind == argc) {
        fprintf(stderr, "usage: iov-contract-host [-p PLAIN] PF...\n");
        return 2;
    }
    for (int i = optind; i < argc; i++)
        if (run(argv[i], plain) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    return status;
}
