"""
Closed loops of callers, one program each: hlf, hlf.aio, bare gRPC stubs, the official Node client.

Every program takes ``PROFILE USER_FOLDER MSP_ID MODE CALLERS SECONDS`` and
prints one JSON line: the milliseconds of each call that ended within the
seconds that count, those seconds, successful calls that ended outside them,
failures, and the program's own processor seconds within them.
"""
