"""What spoiled answers are made of: words, times, numbers, pages, headers. Data only."""

from typing import Final

WORDS: Final = (
    *(
        "PENDING",
        "REFUNDED",
        "refunded",
        " REFUNDED",
        "RECEIVED",
        "REJECTED",
        "RETURNED",
        "SUCCESS",
    ),
    *("FAILURE", "SALE", "REFUND", "CAPTURE", "VOID", "completed", "canceled", "PAID", "23", "100"),
    *("ok", "true", "Input", "Output", "online", "manual", "PagoEfectivo", "approved", "denied"),
)
MOMENTS: Final = (
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z"),
    *("2026-02-30T00:00:00Z", "2026-11-23", "2026-11-23T15:00:27", "23/11/2026", "", "now"),
    *("2026-11-23T25:00:00Z", "2026-11-23T15:00:27+99:99", "1900-01-01T00:00:00", "0000-00-00"),
    *("2026-11-23T15:00:27.877041743Z", "1e9", "-62135596800", "99999999999999"),
)
CURRENCIES: Final = (
    "USD",
    "pen",
    "PEN ",
    "",
    "XXX",
    "CLP",
    "BHD",
    "P\u200bEN",
    "\uff30\uff25\uff2e",
    "S/",
    "EUR",
)
NUMBERS: Final = (
    *("0", "-0", "-1", "-22.05", "1", "1e400", "-1e400", "1e-400", "1E+2", "22.05e0", "2205e-2"),
    *("NaN", "Infinity", "-Infinity", "0022.05", "+22.05", ".5", "22.", "0x16", "1_000", "22,05"),
    *("9" * 30, "9" * 400, "9" * 5000, "1e999999999", "0." + "1" * 60, "22.050", "22.055"),
    *("22.049999999999999999", "22.0500000000000001", "2205", "220.5", "59.899999999999999"),
)
STRANGE: Final = (
    *('"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"a\\u0000b"', '"\\u202e"', '"\\uffff"'),
    *('"<script>"', '"\'; drop table refund; --"', '"../../x"', '"%s%n"', '"{{7*7}}"', '"\\n\\r"'),
)

# --- bytes and HTTP ------------------------------------------------------------------------

PAGES: Final = (
    b"<html><body>502 Bad Gateway</body></html>",
    b"<!DOCTYPE html><title>Just a moment...</title>",
    b"<?xml version='1.0'?><error>no</error>",
    b"Service Unavailable",
    b"<br />\n<b>Warning</b>: mysqli_connect() in <b>/var/www/x.php</b>\n",
)
OTHERS: Final = (
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"0",
    b'""',
    b'"x"',
    b"[[]]",
    b"[null]",
    b"{}{}",
    b"undefined",
)
STATUSES: Final = (
    *(
        200,
        201,
        202,
        203,
        204,
        205,
        206,
        207,
        226,
        300,
        304,
        400,
        401,
        402,
        403,
        404,
        405,
        408,
        409,
    ),
    *(
        410,
        411,
        413,
        415,
        418,
        422,
        423,
        425,
        426,
        429,
        431,
        451,
        500,
        501,
        502,
        503,
        504,
        507,
        511,
    ),
    *(520, 530, 599, 600, 700, 999),
)
HEADERS: Final = (
    *(
        ("Content-Type", text)
        for text in ("text/html", "application/json; charset=utf-7", "", "x/y; charset=\x01")
    ),
    *(
        ("Content-Encoding", text)
        for text in ("gzip", "br", "identity", "IDENTITY", "deflate, gzip", "x")
    ),
    *(
        ("Date", text)
        for text in ("Mon, 01 Jan 0001 00:00:00 +1400", "Fri, 31 Dec 9999 23:59:59 -1200")
    ),
    *(
        ("Date", text)
        for text in (
            "",
            "yesterday",
            "Thu, 99 Nov 2026 99:99:99 GMT",
            "0",
            "Mon, 23 Nov 99999 1:1:1",
        )
    ),
    *(
        ("Date", text)
        for text in ("Mon, 23 Nov 2026 15:00:00 +99999999", "Mon, 23 Nov 2026 15:00:00 -0000")
    ),
    *(
        ("X-WP-TotalPages", text)
        for text in ("0", "-1", "", "2", "1e3", "999999999", "9" * 5000, "²", "٣")
    ),
    *(
        ("Retry-After", text)
        for text in ("-1", "NaN", "1e400", "", "9" * 400, "Mon, 23 Nov 2026 15:00:00 GMT")
    ),
    *(("X-Shopify-API-Version", text) for text in ("", "unstable", "1999-01", "9" * 3000)),
    *(("Location", text) for text in ("http://10.0.0.1/", "//[::1", "http://xn--a/", "")),
    *(("Set-Cookie", "a=b"), ("Transfer-Encoding", "chunked"), ("Content-Length", "0")),
)
LOCATIONS: Final = (
    *(
        "http://127.0.0.1/",
        "/",
        "//x",
        "http://xn--a/",
        "http://[::1",
        "http://a:99999/",
        "\x7f",
        "?",
    ),
    *("http://user:pw@x/?consumer_secret=1", "ht tp://x", "x" * 70_000, "http://\udcff/"),
)
