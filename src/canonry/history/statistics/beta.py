"""The beta distribution, without more than the standard library."""

import math

_TINY = 1e-300
_CLOSE = 1e-15
_STEPS = 10_000


def log_beta(a: float, b: float) -> float:
    """The logarithm of the complete beta function (DLMF 5.12.1)."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_below(x: float, a: float, b: float) -> float:
    """The logarithm of the regularised incomplete beta function I_x(a, b): the chance that Beta(a, b) is below ``x``.

    By the continued fraction of DLMF 8.17.22, evaluated by Lentz's method, on the side where it converges quickly; in
    logarithms, so that chances far below the smallest float stay numbers. Raises ValueError outside of 0..1 and for
    parameters that are not above nought.
    """
    if not 0 <= x <= 1 or a <= 0 or b <= 0:
        raise ValueError(f"I_x(a, b) needs 0 <= x <= 1 and a, b > 0; got x={x}, a={a}, b={b}")
    if x in (0, 1):
        return 0.0 if x == 1 else -math.inf
    if x > (a + 1) / (a + b + 2):
        return _log_one_minus(log_below(1 - x, b, a))
    front = a * math.log(x) + b * math.log1p(-x) - log_beta(a, b) - math.log(a)
    return front + math.log(_fraction(x, a, b))


def below(x: float, a: float, b: float) -> float:
    """I_x(a, b), the distribution function of Beta(a, b) at ``x``."""
    return math.exp(log_below(x, a, b))


def quantile(chance: float, a: float, b: float) -> float:
    """The ``x`` with I_x(a, b) = ``chance``, by bisection to the last digit of a float."""
    if not 0 <= chance <= 1:
        raise ValueError(f"a chance lies between 0 and 1; got {chance}")
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if below(middle, a, b) < chance:
            low = middle
        else:
            high = middle


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction 1 / (1 + d1 / (1 + d2 / ...)) of DLMF 8.17.22."""
    value, c, d = 1.0, 1.0, 0.0
    for step in range(_STEPS):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _apart(1 + term * d)
        c = _apart(1 + term / c)
        value *= c * d
        if step and abs(c * d - 1) < _CLOSE:
            break
    return value - 1


def _apart(value: float) -> float:
    """The value, kept away from nought, by which is divided."""
    return _TINY if abs(value) < _TINY else value


def _log_one_minus(log: float) -> float:
    """log(1 - exp(log)), exact on both ends (Maechler 2012)."""
    if log >= 0:
        return -math.inf
    return math.log(-math.expm1(log)) if log > -math.log(2) else math.log1p(-math.exp(log))
