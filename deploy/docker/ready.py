"""Exit status 0 when the service in this container says on /readyz that it is ready."""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 2


def main() -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['LAOTIE_HTTP_PORT']}/readyz", timeout=TIMEOUT_S) as answer:
            return int(answer.status != 200)
    except urllib.error.HTTPError as error:
        print(error.read().decode(errors="replace"))  # the reason, for `docker inspect`
    except OSError as error:
        print(error)
    return 1


if __name__ == "__main__":
    sys.exit(main())
