/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host contract over the fake: once as an igb, once as an NVMe drive. */
#include "contract-suite.h"
#include "fake-host.h"
#include "test-support.h"

#include <unistd.h>

#define IGB "0000:01:00.0"
#define NVME "0000:02:00.0"
#define PLAIN "0000:00:00.0"

static IovHost *
open_fake(void)
{
    const FakeAdapter plain = {.address = PLAIN, .class_code = 0x060000};
    IovHost *host = fake_host_new();

    fake_host_add(host, &plain);
    fake_host_add_nvme(host, NVME);
    fake_host_add_igb(host, IGB, "enp1s0");
    return host;
}

static void
hold(IovHost *host, int iommu_group)
{
    fake_host_set_holder(host, iommu_group, getpid());
}

static void
release(IovHost *host, int iommu_group)
{
    fake_host_set_holder(host, iommu_group, 0);
}

int
main(void)
{
    const ContractSubject igb = {.name = "contract of a network adapter",
                                 .open = open_fake,
                                 .pf = IGB,
                                 .plain = PLAIN,
                                 .vf_driver = "igbvf",
                                 .has_policy = TRUE,
                                 .hold = hold,
                                 .release = release,
                                 .has_filter = fake_host_has_filter};
    const ContractSubject nvme = {.name = "contract of a drive",
                                  .open = open_fake,
                                  .pf = NVME,
                                  .plain = PLAIN,
                                  .hold = hold,
                                  .release = release,
                                  .has_filter = fake_host_has_filter};
    int failed = run_suite(contract_suite(&igb));

    return run_suite(contract_suite(&nvme)) == EXIT_SUCCESS ? failed : EXIT_FAILURE;
}
