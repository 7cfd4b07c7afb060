//! The page in Debian's Chromium: nothing on the console, the keyboard, the focus, the accessibility tree. Skipped where there is none.

mod chromium;
mod large;
#[path = "../run/mod.rs"]
mod run;

use std::env;
use std::path::{Path, PathBuf};

use chromium::Browser;
use serde_json::json;
use testing::WorkDir;

const PHONE: [u32; 2] = [390, 844];
const DESK: [u32; 2] = [1440, 900];

/// A browser and a page, if there is a browser.
fn opened(behind: &str) -> Option<(Browser, WorkDir)> {
    let name = chromium::find()?;
    let work = run::folder();
    run::page(&work, "");
    let mut browser = Browser::start(name);
    browser.look(DESK, "light");
    browser.open(&work.join("report.html"), behind);
    Some((browser, work))
}

/// What has the focus, in words.
fn focus(browser: &mut Browser) -> String {
    let of =
        "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()";
    browser.eval(of).as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn is_quiet(browser: &Browser) {
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}

#[test]
fn both_sizes_and_themes_are_quiet_and_nothing_sticks_out() {
    let Some((mut browser, work)) = opened("") else { return };
    let page = work.join("report.html");
    for (size, theme) in [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")] {
        browser.look(size, theme);
        browser.open(&page, "");
        let wide =
            browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wide, json!(0), "{size:?}, {theme}: the page scrolls sideways");
        let shown = browser.eval("[...document.querySelectorAll('.card')].filter((card) => card.querySelector('img').naturalWidth).length");
        browser.eval("document.documentElement.style.scrollBehavior = 'auto'; document.getElementById('grid').scrollIntoView()");
        browser.settle();
        browser.settle();
        let loaded = browser.eval("[...document.querySelectorAll('.card img')].filter((image) => image.src && image.complete && image.naturalWidth).length");
        assert!(loaded.as_u64() > Some(2), "{size:?}, {theme}: {shown} and then {loaded} photographs");
        is_quiet(&browser);
    }
}

#[test]
fn the_keyboard_reaches_everything_and_the_focus_comes_back() {
    let Some((mut browser, _work)) = opened("") else { return };
    browser.eval("document.getElementById('keys').focus()");
    browser.press("Tab");
    let first = focus(&mut browser);
    assert!(first.starts_with("class ") && first.contains("rank "), "Tab leads into the grid: {first}");
    browser.press("ArrowRight");
    let second = focus(&mut browser);
    assert_ne!(first, second);
    browser.press("k");
    assert_eq!(focus(&mut browser), first);
    browser.press("j");
    browser.press("End");
    let last = focus(&mut browser);
    browser.press("ArrowRight");
    assert_eq!(focus(&mut browser), last, "the end is the end");
    browser.press("Enter");
    assert_eq!(browser.eval("document.getElementById('view').open"), json!(true));
    assert_eq!(
        browser.eval("document.querySelectorAll('#plot path').length"),
        json!(4),
        "a curve for each method"
    );
    assert_eq!(browser.eval("document.querySelectorAll('#scores tbody tr').length"), json!(2));
    browser.press("k");
    let title = browser.eval("document.getElementById('view-title').textContent");
    browser.press("Escape");
    assert_eq!(browser.eval("document.getElementById('view').open"), json!(false));
    let returned = focus(&mut browser);
    assert!(
        returned.starts_with(title.as_str().unwrap()) && returned != last,
        "the focus is on the image that was open: {returned}"
    );
    browser.press("?");
    assert_eq!(browser.eval("document.getElementById('help').open"), json!(true));
    browser.press("Escape");
    assert_eq!(focus(&mut browser), returned, "and comes back from the keys");
    let stops = browser.eval("document.querySelectorAll('.card[tabindex=\"0\"]').length");
    assert_eq!(stops, json!(1), "the grid is one stop");
    is_quiet(&browser);
}

#[test]
fn a_link_opens_what_was_seen() {
    let Some((mut browser, work)) = opened("") else { return };
    browser.eval(
        "for (const [id, value] of [['method-b', 2], ['sort', 'worst'], ['metric', 1], ['share', 20], ['opacity', 80], ['colours', 'viridis'], ['right', '1']]) {
           const control = document.getElementById(id);
           control.value = value;
           control.dispatchEvent(new Event(control.type === 'range' ? 'input' : 'change'));
         }
         document.querySelectorAll('.card')[3].click();",
    );
    browser.settle();
    let seen = "[location.hash, document.getElementById('view-title').textContent, document.getElementById('status').textContent,
        ...[...document.querySelectorAll('select, input')].map((control) => control.value),
        [...document.querySelectorAll('.card')].map((card) => card.getAttribute('aria-label')).join()].join('\\n')";
    let before = browser.eval(seen);
    let hash = browser.eval("location.hash").as_str().unwrap().to_owned();
    for word in ["p=", "m=", "sort=worst", "metric=", "t=20", "o=80", "c=viridis", "right=1"] {
        assert!(hash.contains(word), "{hash} has no {word}");
    }
    assert!(before.as_str().unwrap().contains("9 of 10 images"), "{before}");
    browser.open(&work.join("report.html"), &hash);
    assert_eq!(browser.eval(seen), before);
    assert_eq!(browser.eval("document.getElementById('view').open"), json!(true));
    browser
        .open(&work.join("report.html"), "#p=99999&m=%3Cb%3E&sort=toString&metric=none&o=x&t=&c=__proto__");
    is_quiet(&browser);
}

#[test]
fn the_accessibility_tree_names_everything() {
    let Some((mut browser, _work)) = opened("") else { return };
    let tree = browser.tree();
    let named = |role: &str| {
        tree.iter().filter(|(of, _)| of == role).map(|(_, name)| name.as_str()).collect::<Vec<_>>()
    };
    for role in ["main", "navigation", "banner", "contentinfo"] {
        assert_eq!(named(role).len(), 1, "{role}");
    }
    for role in ["button", "combobox", "slider", "link", "image", "region", "checkbox", "figure", "heading"] {
        let unnamed = named(role).iter().filter(|name| name.is_empty()).count();
        assert!(!named(role).is_empty() || role == "figure", "no {role}");
        assert!(unnamed == 0 || role == "figure", "{unnamed} of {} {role}s have no name", named(role).len());
    }
    let cards = named("button").iter().filter(|name| name.contains("rank ")).count();
    assert!(cards >= 10, "{cards} images with their numbers: {tree:?}");
    browser.eval("document.querySelector('.card').click()");
    browser.settle();
    let tree = browser.tree();
    let dialog = tree.iter().find(|(role, _)| role == "dialog").expect("a dialog");
    assert!(dialog.1.starts_with("class "), "{dialog:?}");
    let pictures = tree.iter().filter(|(role, name)| role == "image" && name.contains("deletion:steps=10"));
    assert!(pictures.count() >= 4, "a picture of each method with its numbers");
    is_quiet(&browser);
}

/// The contrast of texts with what lies behind them, as WCAG 2.2 counts it.
#[test]
fn texts_have_a_contrast_of_four_and_a_half() {
    let Some((mut browser, work)) = opened("") else { return };
    for theme in ["light", "dark"] {
        browser.look(DESK, theme);
        browser.open(&work.join("report.html"), "");
        let poor = browser.eval(
            "(() => {
               const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
               const lum = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                 .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
               const over = (top, under) => [0, 1, 2].map((at) => top[3] * top[at] + (1 - top[3]) * under[at]).concat(1);
               const ground = (e) => { const stack = []; for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); stack.push(c); if (c[3] === 1) break; }
                 return stack.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]); };
               return [...document.querySelectorAll('body *:not(svg *):not(script)')]
                 .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && e.checkVisibility())
                 .map((e) => { const [a, b] = [lum(parse(getComputedStyle(e).color)), lum(ground(e))].sort((x, y) => y - x); return [(a + 0.05) / (b + 0.05), e.textContent.trim().slice(0, 40)]; })
                 .filter(([contrast]) => contrast < 4.5).map(([contrast, text]) => `${contrast.toFixed(2)} ${text}`);
             })()",
        );
        assert_eq!(poor, json!([]), "{theme}");
    }
}

#[test]
fn without_javascript_all_but_the_gallery_is_there() {
    let Some((mut browser, work)) = opened("") else { return };
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    let moved = work.join("elsewhere/moved.html");
    std::fs::create_dir_all(moved.parent().unwrap()).unwrap();
    std::fs::rename(work.join("report.html"), &moved).unwrap();
    browser.call("Page.navigate", json!({"url": format!("file://{}", moved.display())}));
    std::thread::sleep(std::time::Duration::from_secs(1));
    let tree = browser.tree();
    let says = |text: &str| tree.iter().any(|(_, name)| name.contains(text));
    assert!(
        says("The gallery needs JavaScript") && says("Mean rank") && says("Methods ranked by their means")
    );
    assert!(!says("Opacity"), "controls that do nothing");
}

/// axe-core finds nothing in a page, closed and open, in both themes: `REPORT_PAGE=report.html REPORT_AXE=axe.min.js`.
#[test]
#[ignore = "make check-report runs it: it needs axe-core of npm"]
fn axe() {
    let [page, axe] = ["REPORT_PAGE", "REPORT_AXE"].map(|name| env::var_os(name).expect(name));
    let name = chromium::find().expect("chromium");
    let source = std::fs::read_to_string(axe).unwrap();
    let mut browser = Browser::start(name);
    for (size, theme) in [(PHONE, "dark"), (DESK, "light"), (DESK, "dark")] {
        browser.look(size, theme);
        browser.open(Path::new(&page), "");
        browser.call("Runtime.evaluate", json!({"expression": source}));
        for state in ["closed", "open"] {
            let found = browser.eval(
                "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.map(({id, nodes}) => \
                 `${id}: ${nodes.length}, such as ${nodes[0].html.slice(0, 200)}`))",
            );
            assert_eq!(found, json!([]), "{size:?}, {theme}, {state}");
            browser.eval("document.querySelector('.card').click()");
            browser.settle();
        }
    }
}

/// Pictures of a page in both sizes and themes, to be looked at: `REPORT_PAGE=report.html REPORT_SHOTS=folder`.
#[test]
#[ignore = "make check-report runs it: pictures for eyes"]
fn shots() {
    let [page, folder] = ["REPORT_PAGE", "REPORT_SHOTS"].map(|name| env::var_os(name).expect(name));
    let name = chromium::find().expect("chromium");
    let (page, folder) = (PathBuf::from(page), PathBuf::from(folder));
    let mut browser = Browser::start(name);
    for (size, theme) in [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")] {
        browser.look(size, theme);
        browser.open(&page, "");
        look_around(&mut browser, |what| folder.join(format!("{}-{theme}-{what}.png", size[0])));
        is_quiet(&browser);
    }
}

fn look_around(browser: &mut Browser, shot: impl Fn(&str) -> PathBuf) {
    let shoot = |browser: &mut Browser, what: &str, before: &str| {
        browser.eval(before);
        browser.settle();
        browser.settle();
        browser.shoot(Path::new(&shot(what)));
    };
    shoot(browser, "top", "document.documentElement.style.scrollBehavior = 'auto'");
    for section in
        ["ranking", "significance", "agreement", "curves", "spread", "gallery", "failures", "record"]
    {
        shoot(browser, section, &format!("document.getElementById('{section}').scrollIntoView()"));
    }
    shoot(browser, "matrix", "document.querySelector('.matrix')?.scrollIntoView()");
    let against = "const b = document.getElementById('method-b'); b.selectedIndex = 2; b.dispatchEvent(new Event('change'));
        document.getElementById('tools').scrollIntoView()";
    shoot(browser, "against", against);
    shoot(browser, "open", "document.querySelector('.card').click()");
    shoot(browser, "scores", "document.getElementById('scores').scrollIntoView()");
}
