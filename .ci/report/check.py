"""The report of `ds-aio tune`, looked at in a browser.

    check.py COMMAND DIRECTORY

Makes reports with COMMAND, and opens them in Chromium as wide as a telephone, a tablet and a screen, light
and dark, and printed. Nothing may be asked of the network, said on the console, lie beside the page or
beside its figure, or break a rule of axe-core's (contrast, names, structure). Pictures of all that are left
in DIRECTORY.
"""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")

# What lies beside the page, beside the figure it belongs to, or is not drawn at all.
MISPLACED = """() => {
    const found = [];
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push(`the page: ${page.scrollWidth}`);
    const shown = [...document.querySelectorAll("figure svg")].filter(
        (svg) => getComputedStyle(svg).display !== "none");
    if (shown.length === 0) found.push("no plot is shown");
    for (const svg of shown) {
        const within = svg.getBoundingClientRect();
        if (within.width < 200 || within.height < 80) found.push(`a plot of ${within.width}`);
        for (const text of svg.querySelectorAll("text")) {
            const at = text.getBoundingClientRect();
            const out = at.left < within.left - 1 || at.right > within.right + 1 ||
                at.top < within.top - 1 || at.bottom > within.bottom + 1;
            if (out) found.push(`in a plot: ${text.textContent}`);
        }
    }
    return found;
}"""


def fail(what):
    sys.exit(f"the report: {what}")


def make(command, directory):
    """A usual report, and one of a directory with a name that means something in a page."""
    with tempfile.TemporaryDirectory() as place:
        for name, inside, more in (
            ("usual", "swap", ["--reads", "70"]),
            ("odd", "<b onload=alert(1)>&amp;</script>", ["--reads", "100", "--set", "thread_count=1024"]),
        ):
            target = pathlib.Path(place, inside.replace("/", "\u2215"))
            target.mkdir()
            report = directory / f"{name}.html"
            search = ["--size", "32MiB", "--budget", "20s", "--force", "--report", report]
            subprocess.run([command, "tune", target, *search, *more], check=True, stdout=subprocess.DEVNULL)
            yield report
        picture = directory / "speeds.svg"
        search = ["--size", "16MiB", "--budget", "5s", "--force", "--report", picture]
        subprocess.run([command, "tune", place, *search], check=True, stdout=subprocess.DEVNULL)
        yield picture


def look(browser, page_file, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    if page_file.suffix == ".svg":
        # As documents show it.
        data = base64.b64encode(page_file.read_bytes()).decode()
        page.set_content(f'<img width="100%" alt="" src="data:image/svg+xml;base64,{data}">')
        page.wait_for_function("() => document.images[0].complete && document.images[0].naturalWidth > 0")
    else:
        page.goto(page_file.as_uri())
    where = f"{page_file.name}, {width} wide, {scheme}"
    page.screenshot(path=page_file.with_name(f"{page_file.stem}-{width}-{scheme}.png"), full_page=True)
    if page_file.suffix == ".html":
        if found := page.evaluate(MISPLACED):
            fail(f"{where}: out of place: {found}")
        copy(page, where)
        # A script of ours, which the page's own policy would not let in.
        context.close()
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto(page_file.as_uri())
        broken = Axe().run(page).response["violations"]
        if broken:
            fail(f"{where}: " + json.dumps(
                [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in broken], indent=1))
    context.close()
    others = [url for url in asked if url != page_file.as_uri() and not url.startswith("data:")]
    if told or others:
        fail(f"{where}: on the console {told}, asked for {others}")


def copy(page, where):
    """The buttons copy what is shown, and the page holds the figures."""
    buttons = page.locator(".texts button")
    if buttons.count() != 3:
        fail(f"{where}: {buttons.count()} buttons")
    for number in range(3):
        buttons.nth(number).click()
        page.locator(".texts button", has_text="Copied").first.wait_for()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        if copied != page.locator(".texts pre").nth(number).text_content():
            fail(f"{where}: copied was {copied!r}")
    data = json.loads(page.locator("#data").text_content())
    if not data["trials"] or data["toml"].strip() != page.locator(".texts pre").first.text_content():
        fail(f"{where}: the figures are not those of the page")


def main(command, directory):
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for report in make(command, directory):
            for width in WIDTHS:
                for scheme in SCHEMES:
                    look(browser, report, width, scheme)
            if report.suffix == ".html":
                page = browser.new_page()
                page.goto(report.as_uri())
                page.pdf(path=report.with_suffix(".pdf"), format="A4")
                page.close()
        browser.close()
    print(f"the reports are as they should be; pictures in {directory}")


main(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())
