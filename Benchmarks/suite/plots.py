"""Plots as SVG, written by hand: axes, lines with their spread, bars."""
import math
from html import escape

INK, PALE, GRID = "#24313a", "#66757f", "#e3e8eb"
# Told apart by colour-blind readers too (after Okabe and Ito).
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
FONT = "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\""


class Axis:
    """Numbers along one axis: from low to high, linear or logarithmic."""

    def __init__(self, low, high, is_log=False, ticks=None, name=str):
        self.low, self.high, self.is_log, self.name = low, high, is_log, name
        self.ticks = ticks or (log_ticks(low, high) if is_log else round_ticks(low, high))

    def share(self, value):
        """Where a value lies, 0 at the low end and 1 at the high one."""
        if self.is_log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def round_ticks(low, high, wanted=5):
    rough = (high - low) / wanted
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]


def log_ticks(low, high):
    ticks = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        ticks += [factor * 10.0**power for factor in (1, 2, 5) if low <= factor * 10.0**power <= high]
    # Where that is too many to be read, powers of ten alone.
    return ticks if len(ticks) <= 8 else [tick for tick in ticks if math.log10(tick) % 1 == 0]


def number(value):
    """A number as a reader wants it: 3 digits, no exponent."""
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def document(width, height, parts, title):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" {FONT} fill="{INK}">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, size=13, anchor="start", colour=INK, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" {more}>{escape(words)}</text>'


class Curves:
    """Lines over one pair of axes."""

    def __init__(self, title, subtitle, x, y, x_name, y_name, width=760, height=430):
        self.title, self.x, self.y = title, x, y
        self.width, self.height = width, height
        self.left, self.right, self.top, self.bottom = 78, width - 30, 76, height - 62
        self.parts = [text(24, 32, title, 17, more='font-weight="600"'), text(24, 53, subtitle, 12.5, colour=PALE)]
        self.keys = []
        for tick in x.ticks:
            place = self.across(tick)
            self.parts.append(f'<path d="M{place:.1f} {self.top}V{self.bottom}" stroke="{GRID}"/>')
            self.parts.append(text(place, self.bottom + 20, x.name(tick), 12, "middle"))
        for tick in y.ticks:
            place = self.up(tick)
            self.parts.append(f'<path d="M{self.left} {place:.1f}H{self.right}" stroke="{GRID}"/>')
            self.parts.append(text(self.left - 9, place + 4, y.name(tick), 12, "end"))
        self.parts.append(f'<path d="M{self.left} {self.top}V{self.bottom}H{self.right}" fill="none" stroke="{PALE}"/>')
        self.parts.append(text((self.left + self.right) / 2, height - 18, x_name, 13, "middle"))
        middle = (self.top + self.bottom) / 2
        self.parts.append(text(22, middle, y_name, 13, "middle", more=f'transform="rotate(-90 22 {middle:.1f})"'))

    def across(self, value):
        return self.left + (self.right - self.left) * self.x.share(value)

    def up(self, value):
        return self.bottom - (self.bottom - self.top) * self.y.share(value)

    def path(self, points):
        return "M" + "L".join(f"{self.across(x):.1f} {self.up(y):.1f}" for x, y in points)

    def line(self, name, points, spread=None, labels=False):
        """Points (x, y) in order of x; `spread` has the least and the most of each."""
        colour = COLOURS[len(self.keys) % len(COLOURS)]
        self.keys.append((name, colour, False))
        if spread and any(low < high for low, high in spread):
            around = [(x, high) for (x, _), (_, high) in zip(points, spread)] + [(x, low) for (x, _), (low, _) in reversed(list(zip(points, spread)))]
            self.parts.append(f'<path d="{self.path(around)}Z" fill="{colour}" fill-opacity="0.13"/>')
        self.parts.append(f'<path d="{self.path(points)}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"/>')
        for x, y in points:
            self.parts.append(f'<circle cx="{self.across(x):.1f}" cy="{self.up(y):.1f}" r="3.8" fill="{colour}"/>')
            if labels:
                # Above and to the left, where a rising line leaves room.
                self.parts.append(text(self.across(x) - 7, self.up(y) - 8, labels(y), 11.5, "end", colour))

    def rule(self, name, points):
        """A line to compare with."""
        self.keys.append((name, PALE, True))
        self.parts.append(f'<path d="{self.path(points)}" fill="none" stroke="{PALE}" stroke-width="1.4" stroke-dasharray="5 4"/>')

    def svg(self):
        # The key below, in as many rows as it takes.
        x, y = self.left, self.height + 6
        for name, colour, is_dashed in self.keys:
            wide = 28 + 6.9 * len(name) + 22
            if x + wide > self.width and x > self.left:
                x, y = self.left, y + 22
            dash = 'stroke-dasharray="5 4"' if is_dashed else ""
            self.parts.append(f'<path d="M{x:.1f} {y - 4}h22" stroke="{colour}" stroke-width="2.2" {dash}/>')
            self.parts.append(text(x + 28, y, name, 12.5))
            x += wide
        return document(self.width, y + 18, self.parts, self.title)


class Bars:
    """Horizontal bars in groups, on a logarithmic scale."""

    def __init__(self, title, subtitle, low, high, unit, width=860, label_width=330):
        self.title, self.width, self.left, self.right = title, width, label_width, width - 84
        self.axis = Axis(low, high, is_log=True, name=number)
        self.unit, self.top = unit, 72
        self.y = self.top + 8
        self.rows = []
        self.head = [text(24, 32, title, 17, more='font-weight="600"'), text(24, 53, subtitle, 12.5, colour=PALE)]

    def place(self, value):
        return self.left + (self.right - self.left) * max(0, self.axis.share(max(value, self.axis.low)))

    def group(self, name):
        self.y += 12
        # On a white border, so that no line of the grid runs through it.
        halo = 'paint-order="stroke" stroke="#ffffff" stroke-width="6" stroke-linejoin="round"'
        self.rows.append(text(24, self.y + 11, name, 13, more=f'font-weight="600" {halo}'))
        self.y += 22

    def bar(self, name, value, spread=None, colour=COLOURS[0], note=""):
        end = self.place(value)
        self.rows.append(text(self.left - 10, self.y + 12, name, 12.5, "end"))
        self.rows.append(f'<rect x="{self.left}" y="{self.y}" width="{end - self.left:.1f}" height="16" fill="{colour}"/>')
        beyond = end
        if spread and spread[0] < spread[1]:
            low, high = map(self.place, spread)
            beyond = max(end, high)
            self.rows.append(f'<path d="M{low:.1f} {self.y + 8}H{high:.1f}M{low:.1f} {self.y + 4}v8M{high:.1f} {self.y + 4}v8" stroke="{INK}" stroke-width="1.2"/>')
        self.rows.append(text(beyond + 6, self.y + 12.5, number(value) + note, 12))
        self.y += 21

    def svg(self):
        bottom = self.y + 6
        grid = []
        for tick in self.axis.ticks:
            place = self.place(tick)
            grid.append(f'<path d="M{place:.1f} {self.top}V{bottom}" stroke="{GRID}"/>')
            grid.append(text(place, bottom + 18, number(tick), 12, "middle"))
        grid.append(f'<path d="M{self.left} {self.top}V{bottom}H{self.right}" fill="none" stroke="{PALE}"/>')
        grid.append(text((self.left + self.right) / 2, bottom + 40, self.unit, 13, "middle"))
        return document(self.width, round(bottom + 54), self.head + grid + self.rows, self.title)
