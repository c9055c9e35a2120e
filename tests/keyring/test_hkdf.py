import hmac

from pierre_mcp.keyring.hkdf import expand, expand_sha512


def test_rfc_5869_case_1() -> None:
    """Appendix A.1: the expansion of its PRK."""
    prk = bytes.fromhex(
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    )
    info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    assert expand(prk, info, 42).hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_sha512_is_the_expansion_written_out() -> None:
    """RFC 5869, 2.3, for two blocks; no published vector uses SHA-512."""
    key, info = bytes(range(32)), b"label"
    first = hmac.digest(key, info + b"\x01", "sha512")
    second = hmac.digest(key, first + info + b"\x02", "sha512")
    assert expand_sha512(key, info, 96) == (first + second)[:96]
