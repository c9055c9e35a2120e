"""The consent lock, as the sealed policy keeps it: what it takes to open it, and check.

Its private key is sealed under a passphrase that is kept nowhere.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$")]


class ConsentLock(BaseModel):
    """One lock: of a person, under one passphrase. Bytes are in hexadecimal.

    Attributes:
        public: The Ed25519 key by which its signatures are checked, 32 bytes.
        salt: Of the passphrase, 16 random bytes.
        time_cost, memory_kib, lanes: Of Argon2id, when the lock was made.
        sealed: The private key: nonce, ciphertext and tag, 60 bytes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    version: Literal[1] = 1
    public: Annotated[_Hex, Field(min_length=64, max_length=64)]
    salt: Annotated[_Hex, Field(min_length=32, max_length=32)]
    time_cost: Annotated[int, Field(ge=1, le=16)]
    memory_kib: Annotated[int, Field(ge=32, le=2**20)]
    lanes: Annotated[int, Field(ge=1, le=16)]
    sealed: Annotated[_Hex, Field(min_length=120, max_length=120)]

    def __repr__(self) -> str:
        return "<ConsentLock>"

    __str__ = __repr__
