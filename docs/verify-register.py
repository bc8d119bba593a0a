"""Verify a register of Beffroi with nothing of Beffroi. Needs Python and `pip install cryptography`.

    python verify-register.py OLDEST.json [NEWER.json …] [CHAIN.jsonl …]

*.json: copies of /donnees/registre.json, the one you trust first: it says which public keys count.
*.jsonl: chains, as written by `flask audit export CHAIN -o CHAIN.jsonl`. Says what it found; exit 1 if something is wrong.
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

copies = [json.loads(Path(path).read_text()) for path in sys.argv[1:] if path.endswith(".json")]
wrong, trusted, kept = [], set(copies[0]["public_keys"]), {}
for copy in copies:
    missing = dict(kept)
    for each in copy["checkpoints"]:
        kind, _, rest = each["signature"].partition(":")
        if kind != "ed25519":
            continue  # signed before Ed25519, with a secret: only its site can verify it
        key, place = rest.split(":")[0], (each["chain"], each["n"])
        said = f"{copy['version']}|{each['chain']}|{each['n']}|{each['hash']}|{each['at']}".encode()
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(rest.split(":")[1]), said)
            if key not in trusted:
                wrong.append(f"{place} is signed by a key that the first copy does not name")
        except (InvalidSignature, ValueError):
            wrong.append(f"{place} bears a false signature")
        if kept.setdefault(place, each["hash"]) != each["hash"]:
            wrong.append(f"{place} changed between two copies")
        missing.pop(place, None)
    wrong += [f"{place} of an older copy is gone" for place in missing]
for path in [path for path in sys.argv[1:] if path.endswith(".jsonl")]:
    n, last = 0, "0" * 64
    for n, entry in enumerate(map(json.loads, Path(path).read_text(encoding="utf-8").splitlines()), 1):
        chain = entry["chain"]
        last = hashlib.sha256(f"audit-v1|{chain}|{n}|{last}|{entry['facts']}".encode()).hexdigest()
        if (entry["n"], entry["hash"]) != (n, last) or kept.get((chain, n), last) != last:
            wrong.append(f"{path}: entry {n} was changed, moved or added")
            break
    else:
        end = max((m for place, m in kept if n and place == chain), default=n)
        wrong += [f"{path}: the end is missing, a checkpoint attests entry {end}"] if end > n or not n else []
print("\n".join(wrong) or f"whole: {len(kept)} signed checkpoints, in {len(copies)} copies")
sys.exit(bool(wrong))
