"""The certificates of a served plant: its own, made when it has none, and those of the clients it trusts."""

from __future__ import annotations

import socket
from pathlib import Path

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID


async def secure(server: Server, folder: Path, application_uri: str) -> None:
    """Serve only signed and encrypted connections, and only clients whose certificate lies in
    `folder`/trusted. The server's own certificate is `folder`/plant.der."""
    trusted = folder / "trusted"
    trusted.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "plant.key.pem", folder / "plant.der"
    await setup_self_signed_certificate(
        key,
        certificate,
        application_uri,
        socket.gethostname(),
        [ExtendedKeyUsageOID.SERVER_AUTH],
        {"commonName": "Linewright demonstration plant"},
    )
    key.chmod(0o600)
    await server.load_certificate(str(certificate))
    await server.load_private_key(key)
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    server.set_identity_tokens([ua.AnonymousIdentityToken])

    async def known(offered: x509.Certificate, _application: ua.ApplicationDescription) -> None:
        held = (path.read_bytes() for path in trusted.glob("*.der"))
        if offered.public_bytes(Encoding.DER) not in held:
            raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)

    server.set_certificate_validator(known)
