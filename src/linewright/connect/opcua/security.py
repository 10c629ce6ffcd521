"""How an OPC UA connection is secured. Not at all is possible, and has to be said."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.x509.oid import ExtendedKeyUsageOID

from linewright.errors import ConnectionFailed

APPLICATION_URI = "urn:linewright:client"


@dataclass(frozen=True, slots=True)
class Security:
    """`Security.none()` for loopback, or Basic256Sha256 SignAndEncrypt with these files.

    `server_certificate` is the only one the server may show; without it the server's is taken as it is.
    """

    certificate: Path | None
    private_key: Path | None
    server_certificate: Path | None = None

    @classmethod
    def none(cls) -> Security:
        return cls(None, None)

    async def apply(self, client: Client) -> None:
        """Prepare a client. Raises ConnectionFailed where a file is missing."""
        client.application_uri = APPLICATION_URI
        if self.certificate is None or self.private_key is None:
            return
        for path in (self.certificate, self.private_key, self.server_certificate):
            if path is not None and not path.is_file():
                raise ConnectionFailed(
                    f"{path} does not exist: no secure connection to {client.server_url.geturl()}. "
                    "Maybe the certificate is still to be made: see docs/how-to/connect-opcua.md."
                )
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            str(self.certificate),
            str(self.private_key),
            server_certificate=str(self.server_certificate) if self.server_certificate else None,
            mode=ua.MessageSecurityMode.SignAndEncrypt,
        )


async def make_certificate(folder: Path) -> tuple[Path, Path]:
    """The certificate and private key of this Linewright in a folder, made where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "linewright.key.pem", folder / "linewright.der"
    await setup_self_signed_certificate(
        key,
        certificate,
        APPLICATION_URI,
        socket.gethostname(),
        [ExtendedKeyUsageOID.CLIENT_AUTH],
        {"commonName": "Linewright"},
    )
    key.chmod(0o600)
    return certificate, key
