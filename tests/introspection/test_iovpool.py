# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library as Python sees it: values, lists, ownership, out parameters, errors."""

import os
import subprocess
import tempfile
import unittest

import gi

gi.require_version("IovPool", "0.1")
from gi.repository import GLib, IovPool  # noqa: E402

POOL = b"""<iovpool>
  <name>fast</name>
  <class>net</class>
  <adapters><adapter netdev='enp1s0' vfs='4'/></adapters>
</iovpool>
"""

DOMAIN = b"""<domain type='kvm'>
  <name>vm1</name>
  <uuid>6f9f1b2e-3a52-4d3c-9d0a-0c8f2c2b7a11</uuid>
  <metadata>
    <iov:requests xmlns:iov='https://libiovpool.org/xmlns/domain/1'>
      <iov:request name='net0' pool='fast' mac='52:54:00:AA:bb:cc' priority='10'/>
      <iov:request name='net1' pool='fast' mac='52:54:00:aa:bb:cd'/>
    </iov:requests>
  </metadata>
  <os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type></os>
  <devices/>
</domain>
"""


class Values(unittest.TestCase):
    def test_pool(self):
        pool = IovPool.Pool.parse(POOL, "fast.xml")
        self.assertEqual(pool.get_name(), "fast")
        self.assertEqual(pool.get_class(), IovPool.Class.NET)
        self.assertEqual(pool.get_migration(), IovPool.Migration.FAILOVER)
        again = IovPool.Pool.parse(pool.to_xml().encode(), "again")
        self.assertEqual(again.get_uuid(), pool.get_uuid())

    def test_domain(self):
        domain = IovPool.Domain.parse(DOMAIN)
        self.assertEqual(domain.get_name(), "vm1")
        self.assertTrue(domain.has_pcie())
        self.assertEqual([r.get_name() for r in domain.get_requests()], ["net0", "net1"])
        self.assertIsNone(domain.find_request("net2"))
        self.assertIsNone(domain.find_source("ua-iov-net0-vf"))

    def test_request_outlives_its_domain(self):
        requests = [IovPool.Domain.parse(DOMAIN).find_request("net0") for _ in range(50)]
        for request in requests:
            self.assertEqual(request.get_mac(), "52:54:00:aa:bb:cc")
            self.assertEqual(request.get_priority(), 10)

    def test_snippet(self):
        pool = IovPool.Pool.parse(POOL, "fast.xml")
        request = IovPool.Domain.parse(DOMAIN).find_request("net0")
        xml = IovPool.snippet_function(pool, request, "0000:01:10.0", -1, True)
        self.assertIn('<interface type="hostdev" managed="no">', xml)
        self.assertIn(IovPool.alias_of_function("net0"), xml)

    def test_requests_go_out_and_in(self):
        request = IovPool.Request.create("net0", "fast")
        request.set_mac("52:54:00:aa:bb:cc")
        request.set_floor(IovPool.FloorType.BRIDGE, "br0", None)
        xml = IovPool.requests_to_xml([request])
        back = IovPool.requests_parse(xml.encode(), "metadata")
        self.assertEqual([r.get_mac() for r in back], ["52:54:00:aa:bb:cc"])

    def test_out_parameter(self):
        self.assertEqual(IovPool.class_from_string("nvme"), (True, IovPool.Class.NVME))
        self.assertFalse(IovPool.class_from_string("nonsense")[0])
        self.assertEqual(IovPool.class_to_string(IovPool.Class.NVME), "nvme")


class Errors(unittest.TestCase):
    def assert_fails(self, code, call, *arguments):
        with self.assertRaises(GLib.GError) as caught:
            call(*arguments)
        error = caught.exception
        self.assertEqual(error.domain, "iov-error-quark")
        self.assertTrue(error.matches(IovPool.error_quark(), code), error)
        return error.message

    def test_invalid(self):
        message = self.assert_fails(IovPool.Error.INVALID, IovPool.Pool.parse, b"<iovpool>", "bad")
        self.assertTrue(message.startswith("bad:1:"), message)
        self.assert_fails(IovPool.Error.INVALID, IovPool.Pool.check_name, "../x")

    def test_not_found(self):
        with tempfile.TemporaryDirectory(prefix="iovpool-gi-") as root:
            manager = IovPool.Manager.open(root)
            self.assert_fails(IovPool.Error.NOT_FOUND, manager.get_pool, "fast", False)


class Manager(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="iovpool-gi-")
        self.addCleanup(self.directory.cleanup)
        program = os.path.join(os.environ["IOV_TEST_BUILDDIR"], "tests", "make-sysfs-tree")
        subprocess.run([program, self.directory.name, "2", "4"], check=True)
        self.manager = IovPool.Manager.open(self.directory.name)

    def test_adapters(self):
        adapters = self.manager.list_adapters()
        self.assertEqual(len(adapters), 2)
        self.assertEqual(adapters[0].get_class(), IovPool.Class.NET)
        self.assertGreaterEqual(adapters[0].get_total_vfs(), 4)

    def test_pools(self):
        self.assertEqual(self.manager.list_pools(), [])
        name = self.manager.list_adapters()[0].get_netdev()
        created = self.manager.create_pool("fast", [name], "4")
        self.assertEqual(self.manager.list_pools(), ["fast"])
        self.assertEqual(self.manager.get_pool("fast", False).get_uuid(), created.get_uuid())
        self.assertEqual(self.manager.pool_is_active("fast"), (True, False))
        self.assertTrue(self.manager.undefine_pool("fast"))

    def test_explanation(self):
        verdict = IovPool.Verdict.WRONG_NODE
        self.assertEqual(IovPool.verdict_from_string("wrong-node"), (True, verdict))
        domain = IovPool.Domain.parse(DOMAIN)
        explanations = self.manager.explain(domain.get_uuid(), None, domain)
        self.assertEqual([e.get_status().get_request() for e in explanations], ["net0", "net1"])
        code = explanations[0].get_status().get_reason_code()
        self.assertEqual(code, IovPool.Reason.POOL_STOPPED)
        self.assertFalse(explanations[0].get_active())
        self.assertEqual(explanations[0].get_help(), "`iovpool start fast`")
        self.assertEqual(explanations[0].get_candidates(), [])
        name = self.manager.list_adapters()[0].get_netdev()
        self.manager.create_pool("fast", [name], "4")
        self.manager.start_pool("fast")
        del explanations
        candidates = self.manager.explain(domain.get_uuid(), "net0", domain)[0].get_candidates()
        self.assertEqual([c.get_verdict() for c in candidates], [IovPool.Verdict.FREE] * 4)
        self.assertEqual(candidates[0].get_lease().get_index(), 0)
        self.assertIsNone(candidates[0].get_holder())

    def test_lists_without_ledger(self):
        self.assertEqual(list(self.manager.list_functions(None)), [])
        self.assertEqual(list(self.manager.list_status(None)), [])


if __name__ == "__main__":
    unittest.main()
