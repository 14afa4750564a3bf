"""Our envelopes verify with securesystemslib, and our statements parse with in-toto-attestation."""

import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

import ledgers

try:
    from formats import opened
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey
except ImportError as error:
    raise unittest.SkipTest(f"OUTSIDE LIBRARIES NOT RUN: {error}") from error

KINDS = "dataset filter genesis key model notice observation prompt release report run seal source"


def entries(bundle):
    """The envelopes of a bundle, or nothing where it is none."""
    try:
        return list(opened(bundle)[4].values())
    except (ValueError, LookupError):
        return []


def keys_in(envelopes):
    """Every public key that statements name, by its id: what a verifier would take from genesis and grants."""
    found = {}
    for envelope in envelopes:
        statement = Envelope.from_dict(json.loads(envelope)).payload.decode()
        raws = [bytes.fromhex(one) for one in re.findall(r'"(?:public_key|successor)":"([0-9a-f]{64})"', statement)]
        raws += [bytes.fromhex(one) for one in json.loads(statement)["predicate"].get("owners", [])]
        logs = re.findall(r'"log_key":"[^"+]*\+[0-9a-f]{8}\+([^"]+)"', statement)
        for raw in raws + [ledgers.raw_log_key(one) for one in logs]:
            found[ledgers.key_id(raw)] = SSlibKey(ledgers.key_id(raw), "ed25519", "ed25519", {"public": raw.hex()})
    return found


class Outside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Entries of fresh demonstration ledgers, and of every attack whose verdict is not `tampered`."""
        folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, folder)
        ledgers.run("demo", "--keep", folder / "demo", home=folder, cwd=folder, expect=0)
        cls.ledgers = [ledgers.log_entries(path) for path in sorted((folder / "demo").glob("*/.herdbook"))]
        for path in sorted((ledgers.ROOT / "fixtures/attacks").glob("*/bundle.tar")):
            if json.loads(path.with_name("attack.json").read_text()).get("verdict") != "tampered":
                cls.ledgers.append(entries(path.read_bytes()))
        pages = (ledgers.ROOT / "docs/formats").glob("*.md")
        cls.examples = [line for page in sorted(pages) for line in page.read_text().splitlines() if line.startswith('{"_type":"https://in-toto.io') and ".." not in line]

    def test_envelopes_verify_with_securesystemslib_and_fail_when_altered(self):
        count = 0
        for envelopes in self.ledgers:
            keys = keys_in(envelopes)
            for data in envelopes:
                envelope = Envelope.from_dict(json.loads(data))
                (keyid, signature), = envelope.signatures.items()
                if keyid not in keys:
                    continue
                self.assertEqual(list(envelope.verify([keys[keyid]], 1)), [keyid])
                for altered in (Envelope(envelope.payload + b" ", envelope.payload_type, {keyid: signature}),
                                Envelope(envelope.payload, "text/plain", {keyid: signature})):
                    with self.assertRaises(VerificationError):
                        altered.verify([keys[keyid]], 1)
                count += 1
        print(f"{count} envelopes verify with securesystemslib", file=sys.stderr)
        self.assertGreater(count, 40)

    def test_statements_of_every_kind_parse_with_in_toto_attestation(self):
        payloads = [Envelope.from_dict(json.loads(data)).payload for one in self.ledgers for data in one]
        kinds = {}
        for payload in payloads + [line.encode() for line in self.examples]:
            statement = Statement.copy_from_pb(json_format.Parse(payload, statement_pb2.Statement()))
            statement.validate()
            kind = statement.pb.predicate_type.removeprefix("https://herdbook/").removesuffix("/v1")
            kinds[kind] = kinds.get(kind, 0) + 1
        print(f"in-toto-attestation reads {kinds}", file=sys.stderr)
        self.assertLessEqual(set(KINDS.split()), set(kinds))


if __name__ == "__main__":
    unittest.main()
