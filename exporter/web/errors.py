"""What can go wrong when the web server is set up.

::

    WebError
    ├── ListenAddressError      the text is no address
    └── ListenError             the address cannot be listened on
        ├── AddressInUseError   another program listens there
        ├── AddressDeniedError  the system does not allow it
        └── AddressUnknownError the host is not one of this machine's
"""


class WebError(Exception):
    """Base of all errors of the web server."""


class ListenAddressError(WebError):
    """A listen address cannot be understood."""


class ListenError(WebError):
    """A listen address cannot be listened on."""


class AddressInUseError(ListenError):
    """Another program listens on the address."""


class AddressDeniedError(ListenError):
    """The system does not let this user listen on the address."""


class AddressUnknownError(ListenError):
    """The host has no address of this machine."""
