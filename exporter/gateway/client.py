"""The history call over HTTP; the only module that knows the HTTP library.

One POST per permit. Credentials travel in the form body only, redirects are not followed, TLS is
verified. Proxies and certificate files are taken from the environment as usual (``HTTPS_PROXY``,
``NO_PROXY``, ``SSL_CERT_FILE``), unless a transport is passed in.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
import msgspec

from exporter.gateway.answers import MOSCOW, decode
from exporter.gateway.body import read_body
from exporter.gateway.errors import GatewayError, HttpStatus, TimedOut
from exporter.gateway.faults import gateway_error
from exporter.gateway.message import Page
from exporter.gateway.permit import Permit
from exporter.gateway.request import HistoryRequest
