"""The page, walked in a real browser: Debian's Chromium, driven by its own chromedriver over WebDriver.

Selenium and not Playwright: that brings a Node runtime of 50 MB along and speaks to the Chromium it was built for; this
speaks the standard to the driver that comes with the browser.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from line import Line
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from serving import Chat

pytestmark = pytest.mark.requires("browser")

_PATIENCE = 40
_EVENTS = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
_HOSTILE = "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
_NAMES = itertools.count()
_FASTER = "const slow = setTimeout; window.setTimeout = (act, time, ...rest) => slow(act, time / 15, ...rest);"


class Page:
    """The page in its browser, and the line that it hangs on."""

    def __init__(self, driver: webdriver.Chrome, line: Line) -> None:
        self.driver, self.line = driver, line

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, selector: str) -> WebElement:
        """The element, once it is visible."""
        WebDriverWait(self.driver, _PATIENCE, poll_frequency=0.05).until(
            lambda _: any(found.is_displayed() for found in self.all(selector)), f"no `{selector}`"
        )
        return self.find(selector)

    def visit(self, *, width: int = 1200, height: int = 800, dark: bool = False, phone: bool = False) -> None:
        """Opens the page as somebody who is logged in nowhere."""
        self.line.mend()
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.prefer("dark" if dark else "light")
        if self.driver.current_url.startswith(self.line.url):
            self.driver.execute_script("sessionStorage.clear()")
        self.driver.get(self.line.url)
        self.wait("#sign-in")

    def prefer(self, scheme: str) -> None:
        """Sets the colour scheme that the user likes."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def register(self, name: str = "Ann") -> str:
        """A new user, logged in and connected; the address."""
        email = f"user{next(_NAMES)}@example.org"
        self.find("#switch").click()
        for field, value in (("name", name), ("email", email), ("password", "correct horse")):
            self.find(f"#{field}").send_keys(value)
        self.find("#sign-in-submit").click()
        self.wait("#connection[data-state=online]")
        return email

    def log_in(self, email: str, password: str = "correct horse") -> None:
        for field, value in (("email", email), ("password", password)):
            self.find(f"#{field}").clear()
            self.find(f"#{field}").send_keys(value)
        self.find("#sign-in-submit").click()

    def ask(self, text: str) -> None:
        self.find("#message").send_keys(text + Keys.ENTER)

    def answered(self, number: int = 1, state: str = "completed") -> WebElement:
        """The turn of that number, once it is over."""
        self.wait(f".turn:nth-of-type({number})[data-state={state}]")
        return self.all(".turn")[number - 1]

    def types(self, turn: WebElement) -> list[str | None]:
        """The types of the events that a turn shows."""
        return [step.get_attribute("data-type") for step in turn.find_elements(By.CSS_SELECTOR, ".steps li")]

    def script(self, code: str) -> Any:
        return self.driver.execute_script(code)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument("--no-proxy-server")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(_PATIENCE)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    chat = Chat(tmp_path_factory.mktemp("chat"))
    line = Line(chat.url)
    yield line
    line.close()
    chat.stop()


@pytest.fixture
def page(browser: webdriver.Chrome, line: Line) -> Page:
    page = Page(browser, line)
    page.visit()
    return page


def test_a_user_registers_asks_watches_the_five_events_reloads_and_logs_out(page: Page) -> None:
    email = page.register("Ann")
    page.ask("How much is 12 * 3.5?")
    turn = page.answered()

    assert page.types(turn) == _EVENTS
    assert "12 * 3.5 = 42." in turn.find_element(By.CSS_SELECTOR, ".answer").text
    assert "5 events in" in turn.find_element(By.CSS_SELECTOR, "summary").text
    assert page.wait(".thread[aria-current=true]").text == "How much is 12 * 3.5?"

    page.driver.refresh()
    again = page.answered()
    assert "12 * 3.5 = 42." in again.find_element(By.CSS_SELECTOR, ".answer").text
    assert page.find("#user").text == "Ann"
    again.find_element(By.CSS_SELECTOR, "summary").click()
    page.wait(".steps [data-type=agent_completed]")
    assert page.types(again) == _EVENTS

    page.find("#new-thread").click()
    assert page.all(".turn") == []
    page.wait(".thread").click()
    page.answered()

    page.find("#log-out").click()
    page.wait("#sign-in")
    assert page.script("return sessionStorage.length") == 0
    page.driver.refresh()
    page.wait("#sign-in")
    page.log_in(email)
    assert page.wait(".thread").text == "How much is 12 * 3.5?"
    assert _serious(page) == []


def test_markup_in_a_name_a_question_and_an_answer_is_shown_as_text(page: Page) -> None:
    page.register(_HOSTILE)
    page.ask(_HOSTILE)
    turn = page.answered()

    assert page.find("#user").text == _HOSTILE
    assert turn.find_element(By.CSS_SELECTOR, ".question").text == _HOSTILE
    assert _HOSTILE in turn.find_element(By.CSS_SELECTOR, ".answer").text
    assert page.wait(".thread").text == _HOSTILE
    assert page.script("return window.hacked") is None
    assert page.script("return document.images.length") == 0
    assert _serious(page) == []


def test_wrong_passwords_and_taken_addresses_are_told_and_focus_goes_back(page: Page) -> None:
    email = page.register()
    page.find("#log-out").click()
    page.wait("#sign-in")

    page.log_in(email, "wrong password")
    assert page.wait("#sign-in-error").text.endswith(".")
    page.find("#switch").click()
    page.find("#name").send_keys("Bob")
    page.log_in(email)
    assert page.wait("#sign-in-error").text.startswith("There is an account with this")


def test_steps_of_other_agents_and_errors_are_shown_and_what_failed_can_be_asked_again(page: Page) -> None:
    page.register()
    page.ask("[[sub]] about tea")
    steps = page.answered(1).find_elements(By.CSS_SELECTOR, ".steps li.sub .label")
    assert [step.text for step in steps if step.text.endswith("starts")] == [
        "Triage starts",
        "Data starts",
        "Report starts",
    ]

    page.ask("[[fail:503]] about tea")
    failed = page.answered(2, "failed")
    assert "failed with status 503" in failed.find_element(By.CSS_SELECTOR, ".answer").text
    failed.find_element(By.CSS_SELECTOR, ".again").click()
    page.answered(3, "failed")


def test_a_connection_that_is_cut_in_a_run_goes_on_where_it_was(page: Page) -> None:
    page.register()
    page.ask("[[slow:1.5]] about harbours")
    page.wait(".turn[data-state=running] [data-type=agent_thinking]")

    page.line.cut()
    page.wait("#connection[data-state=lost]")
    page.ask("and this is asked without a connection")
    page.line.mend()

    assert page.types(page.answered(1)) == _EVENTS
    assert page.types(page.answered(2)) == _EVENTS
    assert page.find("#connection").get_attribute("data-state") == "online"


def test_questions_asked_without_a_connection_are_one_thread_and_a_run_is_whole_when_one_comes_back_to_it(
    page: Page,
) -> None:
    page.register()
    page.line.cut()
    page.wait("#connection[data-state=lost]")
    page.ask("the first")
    page.ask("[[barrier:page:2]] the second")
    page.line.mend()
    page.answered(1)
    page.wait(".turn:nth-of-type(2) [data-type=tool_executing]")

    page.find("#new-thread").click()
    page.wait("#welcome")
    assert len(page.all(".thread")) == 1
    page.find(".thread").click()
    page.wait(".turn:nth-of-type(2)[data-state=running] [data-type=tool_executing]")
    page.ask("[[barrier:page:2]] the third")

    for number, text in ((2, "the second"), (3, "the third")):
        turn = page.answered(number)
        assert page.types(turn) == _EVENTS
        assert turn.find_element(By.CSS_SELECTOR, ".question").text.endswith(text)


def test_a_line_that_has_gone_silent_is_noticed_and_replaced(page: Page) -> None:
    patch = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _FASTER})
    try:
        page.visit()
        page.register()
        page.line.freeze()
        page.wait("#connection[data-state=lost]")
        page.line.cut()
        page.line.mend()
        page.wait("#connection[data-state=online]")
        page.ask("are you there?")
        assert page.types(page.answered()) == _EVENTS
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", patch)


def test_a_session_that_was_ended_elsewhere_leads_back_to_the_log_in(page: Page) -> None:
    page.register()
    page.script("sessionStorage.setItem('chat.refresh_token', 'gone')")
    page.driver.refresh()

    page.wait("#sign-in")
    assert page.all(".thread") == []


def test_on_a_phone_nothing_is_wider_than_the_screen_and_threads_open_by_the_keyboard(page: Page) -> None:
    page.visit(width=360, height=700, phone=True, dark=True)
    page.register("A name that is longer than the screen of a phone")
    page.ask("a_word_without_a_place_to_break_" * 3)
    page.answered()

    assert page.script("return document.documentElement.scrollWidth") <= 360
    assert not page.find("#threads").is_displayed()
    page.find("#threads-button").send_keys(Keys.ENTER)
    page.wait("#threads")
    assert page.script("return document.activeElement.id") == "new-thread"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    WebDriverWait(page.driver, _PATIENCE).until(lambda _: not page.find("#threads").is_displayed())
    _keep_screenshot(page, "phone-dark")


def test_everything_one_can_use_has_a_name_and_contrast_enough(page: Page) -> None:
    page.register()
    page.ask("[[fail:503]]")
    page.answered(1, "failed")

    unnamed = page.script(
        "return [...document.querySelectorAll('button, input, textarea')].filter((one) =>"
        " !(one.textContent.trim() || one.labels?.length || one.ariaLabel)).map((one) => one.id)"
    )
    assert unnamed == []
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        assert page.script(_CONTRAST) == [], scheme
        _keep_screenshot(page, f"desktop-{scheme}")


_CONTRAST = """
// WCAG 2.2, 1.4.3: texts whose contrast to what lies behind them is below 4.5.
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
  .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (one) => {
  for (; one; one = one.parentElement) {
    const color = parts(getComputedStyle(one).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
const texts = [...document.querySelectorAll('body *')].filter((one) =>
  one.offsetParent && !one.disabled && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
return texts.map((one) => {
  const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
  return [one.tagName + '.' + one.className, Math.round((a + 0.05) / (b + 0.05) * 10) / 10];
}).filter(([, ratio]) => ratio < 4.5);
"""


def _serious(page: Page) -> list[str]:
    """What the browser complained about: errors of scripts, and whatever the page's policy forbade."""
    entries = page.driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in entries if entry["level"] == "SEVERE" and "401" not in entry["message"]]


def _keep_screenshot(page: Page, name: str) -> None:
    """Keeps a screenshot in the folder that `CHAT_SCREENSHOTS` names."""
    if folder := os.environ.get("CHAT_SCREENSHOTS"):
        page.driver.save_screenshot(str(Path(folder) / f"{name}.png"))
