"""The currencies of ISO 4217 that money can be paid in, each with its exponent: how many digits minor units are. Source: R1.1.

No metals, no funds, no test codes.
"""

from __future__ import annotations

_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
    DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
    KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
    PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS = {code: exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}


def amount(minor: int, currency: str) -> str:
    """Whole units with thousands parted, without the code: 1234567 is `12,345.67` in CNY, `1,234,567` in JPY, `1,234.567` in KWD.

    Of a currency that is not in the table, the minor units as they are.
    """
    exponent = EXPONENTS.get(currency, 0)
    whole, rest = divmod(abs(minor), 10**exponent)
    return f"{'-' if minor < 0 else ''}{whole:,}{f'.{rest:0{exponent}}' if exponent else ''}"


def money(minor: int, currency: str) -> str:
    """`12,345.67 CNY`; where the exponent is not known, `1,234,567 minor XTS`."""
    return f"{amount(minor, currency)} {currency if currency in EXPONENTS else f'minor {currency}'}"
