"""What windows mean, for tools/window-oracle.ts: said a second time, in another language, with other
zone data (Python's zoneinfo and the system's tzdata), and by brute force: it looks at the clock on
the wall in every single minute, and works nothing out.

Each line that comes in is a question as JSON, each line that goes out its answer:
  {"ask": "about"}                          the versions, and the zones that there are
  {"ask": "offsets", "zone", "from", "to"}  each change of the offset between two instants, in seconds
  {"ask": "runs", "zone", "first", "minutes", "windows", "closed"}
    what each window is, from the minute `first` on (since 1970): [minute, state] where it changes
A window is {"days": [1..7], "start", "end"} in minutes of the day, or null; closed days are
[[from, to], ...] as dates.
"""

import json
import sys
import zoneinfo
from datetime import date, datetime, timedelta
from pathlib import Path


def tzdata_version():
    for folder in zoneinfo.TZPATH:
        for name, lead in (("tzdata.zi", "# version "), ("+VERSION", "")):
            file = Path(folder, name)
            if file.is_file():
                return file.read_text().splitlines()[0].removeprefix(lead)
    try:
        import tzdata

        return tzdata.IANA_VERSION
    except ImportError:
        return "unknown"


def about():
    return {
        "python": sys.version.split()[0],
        "tzdata": tzdata_version(),
        "zones": sorted(zoneinfo.available_timezones()),
    }


def offset_at(zone, second):
    return int(datetime.fromtimestamp(second, zone).utcoffset().total_seconds())


def offsets(zone, start, stop):
    """Looks every six hours, and where something changed between two looks, for the second."""
    found = [[start, offset_at(zone, start)]]
    for second in range(start, stop, 6 * 3600):
        later = min(second + 6 * 3600, stop)
        if offset_at(zone, later) == found[-1][1]:
            continue
        before, after = second, later
        while after - before > 1:
            middle = (before + after) // 2
            if offset_at(zone, middle) == found[-1][1]:
                before = middle
            else:
                after = middle
        found.append([after, offset_at(zone, after)])
    return found


def is_in(window, weekday, minute):
    """By the wall clock: ISO weekday, and minute of the day."""
    if window is None:
        return True
    days, start, end = window["days"], window["start"], window["end"]
    if start == end:
        return weekday in days
    if start < end:
        return weekday in days and start <= minute < end
    weekday_before = 7 if weekday == 1 else weekday - 1
    return (weekday in days and minute >= start) or (weekday_before in days and minute < end)


def dates_of(closed):
    dates = set()
    for first, last in closed:
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        while day <= end:
            dates.add(day)
            day += timedelta(days=1)
    return dates


def runs(zone, first, minutes, windows, closed):
    # A week as the clock shows it, minute by minute, once for each window.
    weeks = [
        [[is_in(window, weekday, minute) for minute in range(1440)] for weekday in range(1, 8)]
        for window in windows
    ]
    closed_dates = dates_of(closed)
    found = [[] for _ in windows]
    last = [None for _ in windows]
    for minute in range(first, first + minutes):
        clock = datetime.fromtimestamp(minute * 60, zone)
        is_closed = clock.date() in closed_dates
        weekday, time = clock.weekday(), clock.hour * 60 + clock.minute
        for index, week in enumerate(weeks):
            if is_closed:
                state = "closed-day"
            else:
                state = "open" if week[weekday][time] else "outside-window"
            if state != last[index]:
                last[index] = state
                found[index].append([minute, state])
    return found


def answer(question):
    if question["ask"] == "about":
        return about()
    zone = zoneinfo.ZoneInfo(question["zone"])
    if question["ask"] == "offsets":
        return offsets(zone, question["from"], question["to"])
    asked = (question[key] for key in ("first", "minutes", "windows", "closed"))
    return runs(zone, *asked)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
