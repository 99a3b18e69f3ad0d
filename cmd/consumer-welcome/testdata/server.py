"""A mail server for the tests, by aiosmtpd: it demands STARTTLS and then the login user/password, as real ones do. It prints its port, and then
a line of JSON for each login that it refuses and each mail that it is handed, taken or not. It ends with its standard input.

By recipient: later-…@ is answered 451 the first two times, never-…@ always 550.

Usage: server.py CERTIFICATE KEY
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys
from collections import Counter

from aiosmtpd.smtp import SMTP, AuthResult


def say(**what):
    print(json.dumps(what), flush=True)


def login(server, session, envelope, mechanism, data):
    right = mechanism in ("LOGIN", "PLAIN") and (data.login, data.password) == (b"user", b"password")
    if not right:
        say(refused=data.login.decode())
    return AuthResult(success=right, handled=False)


class Handler:
    def __init__(self):
        self.tries = Counter()

    async def handle_DATA(self, server, session, envelope):
        recipient = envelope.rcpt_tos[0]
        self.tries[recipient] += 1
        answer = "250 taken"
        if recipient.startswith("never-"):
            answer = "550 no such user"
        elif recipient.startswith("later-") and self.tries[recipient] <= 2:
            answer = "451 try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(rcpt=envelope.rcpt_tos, headers={name: str(value) for name, value in mail.items()}, text=mail.get_content(), answer=int(answer[:3]))
        return answer


async def main(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    handler, loop = Handler(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, tls_context=context, require_starttls=True, authenticator=login, auth_required=True, loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
