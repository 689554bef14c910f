"""SMPTE time codes (ST 12-1): hours, minutes, seconds and frames of a frame's number."""

DROP_FRAME_RATES = (29.97, 59.94)
"""Rates at which a code drops numbers at nearly every minute, to keep up with the clock."""


def timecode(frame: int, rate: float) -> str:
    """`hh:mm:ss:ff`, or `hh:mm:ss;ff` where numbers are dropped."""
    nominal = max(1, round(rate))
    dropping = any(abs(rate - known) < 0.01 for known in DROP_FRAME_RATES)
    number = frame + _dropped_before(frame, nominal) if dropping else frame
    seconds, frames = divmod(number, nominal)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    mark = ";" if dropping else ":"
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{frames:02}"


def _dropped_before(frame: int, nominal: int) -> int:
    """Numbers that were left out up to here: two (at 60 a second four) at the start of each minute
    but every tenth."""
    drop = nominal // 15
    per_minute = nominal * 60 - drop
    per_ten = nominal * 600 - 9 * drop
    tens, rest = divmod(frame, per_ten)
    minutes = 0 if rest < nominal * 60 else 1 + (rest - nominal * 60) // per_minute
    return drop * (9 * tens + minutes)
