"""The public values that aggressive mode (and IKEv2) must bring along, one for each group.

No key is ever agreed, so their secret may be anybody's; but they have to be members of the group, or a
responder stops before it says what it would accept.
"""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec

KEY_BYTES = {
    "modp1024": 128,
    "modp1536": 192,
    "modp2048": 256,
    "modp768": 96,
    "modp3072": 384,
    "modp4096": 512,
    "ecp256": 64,
    "ecp384": 96,
    "ecp521": 132,
    "curve25519": 32,
    "modp1024s160": 128,
    "modp2048s224": 256,
    "modp2048s256": 256,
    "ecp192": 48,
    "ecp224": 56,
    "ecp224bp": 56,
    "ecp256bp": 64,
    "ecp384bp": 96,
    "ecp512bp": 128,
    "curve448": 56,
    "modp6144": 768,
    "modp8192": 1024,
}
"""Every group, what devices commonly use first, and how long its public values are."""

CURVES: dict[str, type[ec.EllipticCurve]] = {
    "ecp192": ec.SECP192R1,
    "ecp224": ec.SECP224R1,
    "ecp256": ec.SECP256R1,
    "ecp384": ec.SECP384R1,
    "ecp521": ec.SECP521R1,
    "ecp256bp": ec.BrainpoolP256R1,
    "ecp384bp": ec.BrainpoolP384R1,
    "ecp512bp": ec.BrainpoolP512R1,
}
"""A public value is x, then y (RFC 5903 §7, RFC 6932 §2.1)."""

FIXED = {
    "modp1024s160": (
        "a4d1cbd5c3fd34126765a442efb99905f8104dd258ac507fd6406cff14266d31266fea1e5c41564b777e690f5504f213"
        "160217b4b01b886a5e91547f9e2749f4d7fbd7d3b9a92ee1909d0d2263f80a76a6a24c087a091f531dbf0a0169b6a28a"
        "d662a4d18e73afa32d779d5918d08bc8858f4dcef97c2a24855e6eeb22b3b2e5"
    ),
    "modp2048s224": (
        "ac4032ef4f2d9ae39df30b5c8ffdac506cdebe7b89998caf74866a08cfe4ffe3a6824a4e10b9a6f0dd921f01a70c4afa"
        "ab739d7700c29f52c57db17c620a8652be5e9001a8d66ad7c17669101999024af4d027275ac1348bb8a762d0521bc98a"
        "e247150422ea1ed409939d54da7460cdb5f6c6b250717cbef180eb34118e98d119529a45d6f834566e3025e316a330ef"
        "bb77a86f0c1ab15b051ae3d428c8f8acb70a8137150b8eeb10e183edd19963ddd9e263e4770589ef6aa21e7f5f2ff381"
        "b539cce3409d13cd566afbb48d6c019181e1bcfe94b30269edfe72fe9b6aa4bd7b5a0f1c71cfff4c19c418e1f6ec0179"
        "81bc087f2a7065b384b890d3191f2bfa"
    ),
    "modp2048s256": (
        "3fb32c9b73134d0b2e77506660edbd484ca7b18f21ef205407f4793a1a0ba12510dbc15077be463fff4fed4aac0bb555"
        "be3a6c1b0c6b47b1bc3773bf7e8c6f62901228f8c28cbb18a55ae31341000a650196f931c77a57f2ddf463e5e9ec144b"
        "777de62aaab8a8628ac376d282d6ed3864e67982428ebc831d14348f6f2f9193b5045af2767164e1dfc967c1fb3f2e55"
        "a4bd1bffe83b9c80d052b985d182ea0adb2a3b7313d3fe14c8484b1e052588b9b7d2bbd2df016199ecd06e1557cd0915"
        "b3353bbb64e0ec377fd028370df92b52c7891428cdc67eb6184b523d1db246c32f63078490f00ef8d647d148d4795451"
        "5e2327cfef98c582664b4c0f6cc41659"
    ),
    "ecp224bp": (
        "0d9029ad2c7e5cf4340823b2a87dc68c9e4ce3174c1e6efdee12c07d58aa56f772c0726f24c6b89e4ecdac24354b9e99"
        "caa3f6d3761402cd"
    ),
}
"""The generators themselves (RFC 5114 §2.1-2.3, RFC 5639 §3.3), where nothing simpler is a member."""


def public_value(group: str) -> bytes:
    """One that is a member of the group; of the same group mostly another one each time.

    A power of two is a member of every MODP group whose generator is 2 (RFC 3526, RFC 2409 §6), and any
    number one of the Montgomery curves' (RFC 7748 §5).
    """
    size = KEY_BYTES[group]
    if group in CURVES:
        point = ec.generate_private_key(CURVES[group]()).public_key().public_numbers()
        return point.x.to_bytes(size // 2) + point.y.to_bytes(size // 2)
    if group in FIXED:
        return bytes.fromhex(FIXED[group]).rjust(size, bytes(1))
    if not group.startswith("modp"):
        return secrets.token_bytes(size)
    return (1 << (4 * size + secrets.randbelow(4 * size - 1))).to_bytes(size)
