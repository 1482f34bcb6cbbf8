import CatalogModel
import TestSupport
import Testing

extension ConsoleTests {
    @Suite("Whom the page reaches")
    struct ReachTests {
        /// What can have the focus and is to be seen, by a name of its own, in the order of the page.
        private let reachable = """
            [...document.querySelectorAll('a[href], button, input, textarea, summary')]
              .filter((each) => !each.disabled && each.checkVisibility({ visibilityProperty: true })
                && (!each.closest('details:not([open])') || each.tagName === 'SUMMARY'))
              .map((each) => each.dataset.key || each.id || each.textContent)
            """
        private let focused = """
            (() => { const now = document.activeElement;
              const style = getComputedStyle(now);
              return [now.dataset.key || now.id || now.textContent,
                style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2]; })()
            """

        @Test(
            "the keyboard reaches everything, in order, and shows where it is",
            arguments: ["", "#/catalogs", "#/catalogs/skills/Skill"])
        func keyboard(path: String) async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port, path)
            try await page.untilLive()
            try await page.until(
                "the content",
                path.isEmpty
                    ? "document.querySelector('#audit button') && document.querySelector('#jobs button')"
                    : "document.querySelector('button.result')")
            if path.contains("Skill") {
                try await page.until("facets", "document.querySelector('#facets input')")
            }
            let expected = try await page.evaluate(reachable).arrayValue ?? []
            #expect(expected.first == "skip")
            #expect(expected.count > 8)
            for name in expected {
                try await page.press(.tab)
                let now = try await page.evaluate(focused).arrayValue ?? []
                #expect(now.first == name)
                #expect(now.last == true, "\(name) does not show that it has the focus")
            }
            // The skip link leads past the bar.
            try await page.evaluate("document.querySelector('#skip').focus()")
            try await page.press(.enter)
            #expect(try await page.evaluate("document.activeElement.id") == "main")
            #expect(page.problems == [])
        }

        @Test("everything has a name for those who do not see it")
        func names() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port)
            try await page.until("jobs", "document.querySelector('#jobs button')")
            for (path, view) in [
                ("#/status", "status"), ("#/catalogs/mcp/McpServer", "catalogs"),
            ] {
                try await page.evaluate("location.hash = '\(path)'")
                try await page.until(
                    "the view", "document.querySelector('#\(view)-view:not([hidden]) tbody')")
                let tree = try await page("Accessibility.getFullAXTree")
                let nodes = tree["nodes"]?.arrayValue ?? []
                var (roles, unnamed): (Set<String>, [String]) = ([], [])
                for node in nodes where node["ignored"] != true {
                    let role = node.value(at: "role.value")?.stringValue ?? ""
                    roles.insert(role)
                    let name = node.value(at: "name.value")?.stringValue ?? ""
                    if ["button", "link", "checkbox", "textbox", "searchbox", "table"].contains(
                        role),
                        name.isEmpty
                    {
                        unnamed.append(role)
                    }
                }
                #expect(unnamed == [])
                #expect(roles.isSuperset(of: ["main", "banner", "navigation", "search", "table"]))
            }
        }

        @Test("a phone shows every view without scrolling sideways")
        func phone() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port, width: 390)
            try await page.untilLive()
            let ready: KeyValuePairs = [
                "#/status": "document.querySelector('#audit button')",
                "#/catalogs": "document.querySelector('.group button')",
                "#/catalogs/agents/Agent": "document.querySelector('#results tbody button')",
                "#/catalogs/model/CatalogModel": "document.querySelector('#results tbody button')",
            ]
            for (path, condition) in ready {
                try await page.evaluate("location.hash = '\(path)'")
                try await page.until(path, condition)
                #expect(try await page.evaluate("document.documentElement.scrollWidth") == 390)
                // Nothing sticks out of it either.
                let wide = try await page.evaluate(
                    """
                    [...document.querySelectorAll('body *')].filter((each) =>
                      each.checkVisibility() && !each.closest('.unseen, .skip, thead, svg')
                      && each.getBoundingClientRect().right > 391).map((each) => each.outerHTML)
                    """)
                #expect(wide.arrayValue == [], "\(path)")
            }
            // Facets that come later would push away what is to be clicked.
            try await page.until(
                "the models and their facets",
                """
                document.querySelector('#catalogs-title').textContent === 'Models'
                  && !document.querySelector('#results').hasAttribute('aria-busy')
                  && !document.querySelector('#facets-box').hidden
                """)
            try await page.click("#results tbody button")
            try await page.until("the entity", "document.querySelector('#explanation .badge')")
            #expect(
                try await page.evaluate(
                    "document.querySelector('#detail').scrollWidth <= 390") == true)
            #expect(page.problems == [])
        }

        @Test("dark and light are different, and both can be read")
        func schemes() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port)
            try await page.until("jobs", "document.querySelector('#jobs button')")
            // The contrast of text on its ground, by the formula of WCAG.
            let contrast = """
                (() => { const light = (text) => { const [r, g, b] = text.match(/[\\d.]+/g).map((each) => {
                    const part = each / 255;
                    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                  const ground = light(getComputedStyle(document.querySelector('.card')).backgroundColor);
                  return Math.min(...['.card h3', '.card small', '.card thead th', '.card tbody th',
                      '.card .link'].map((each) => {
                    const ink = light(getComputedStyle(document.querySelector(each)).color);
                    return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05); })); })()
                """
            var (pictures, grounds): ([String], [JSONValue]) = ([], [])
            for scheme in ["light", "dark"] {
                try await page.prefer(scheme: scheme)
                grounds.append(
                    try await page.evaluate("getComputedStyle(document.body).backgroundColor"))
                #expect((try await page.evaluate(contrast).doubleValue ?? 0) >= 4.5, "\(scheme)")
                pictures.append(try await page.screenshot())
            }
            #expect(grounds[0] != grounds[1])
            #expect(pictures[0] != pictures[1])
            #expect(pictures.allSatisfy { $0.count > 10_000 })
        }
    }
}
