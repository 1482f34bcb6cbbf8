import CatalogModel
import TestSupport
import Testing

extension ConsoleTests {
    @Suite("Browsing and searching")
    struct CatalogPageTests {
        private let active = "document.activeElement"

        @Test("an entity is found, opened and left by the keyboard alone")
        func search() async throws {
            let server = try await ConsoleSite.server()
            let tagged = try await server.client.post(
                "/api/mcp_catalog/v1alpha1/management/entities/filesystem:action",
                headers: ConsoleSite.asOperator,
                json: ["action": "tag", "params": ["tags": ["blessed"]]])
            try #require(tagged.status == 200)
            let page = try await BrowserPage.console(port: server.port)
            try await page.untilLive()
            try await page.press(.slash)
            try await page.until("the field", "\(active).id === 'search'")
            try await page.type("filesys")
            try await page.until(
                "the result",
                "document.querySelector('button.result')?.textContent === 'filesystem'")
            #expect(try await page.evaluate("location.hash") == "#/catalogs?q=filesys")
            try await page.press(.down)
            try await page.until("the focus", "\(active).textContent === 'filesystem'")
            try await page.press(.enter)
            try await page.until("the entity", "document.querySelector('#explanation .badge')")
            #expect(try await page.text("#detail-title") == "filesystem")
            let detail = try await page.text("#detail-body")
            #expect(detail.contains("mcp-default") && detail.contains("Namespace at"))
            #expect(detail.contains("Tagsblessed"))
            try await page.press(.escape)
            try await page.until("the end", "!document.querySelector('#detail').open")
            // The focus is back where it came from.
            try await page.until("the focus", "\(active).textContent === 'filesystem'")
            try await page.press(.up)
            try await page.until("the field", "\(active).id === 'search'")
            try await page.press(.escape)
            try await page.until("everything", "location.hash === '#/catalogs'")
            #expect(page.problems == [])
        }

        @Test("facets narrow a list to what they count, and pages go on and back")
        func facets() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(
                port: server.port, "#/catalogs/mcp/McpServer")
            let remote = "[data-key=\"facet-deploymentMode-remote\"]"
            try await page.until("the facets", "document.querySelector('\(remote)')")
            let count = try await page.evaluate(
                "document.querySelector('\(remote)').closest('label').querySelector('.count')"
                    + ".textContent")
            let rows = "document.querySelectorAll('#results tbody tr')"
            try await page.click(remote)
            try await page.until("the filter", "\(rows).length === \(count.stringValue ?? "")")
            #expect(
                try await page.evaluate(
                    "[...\(rows)].every((row) => row.textContent.includes('remote'))") == true)
            // Enough for three pages.
            let items: [JSONValue] = (0..<60).map { number in
                [
                    "name": .string("paged-\(number < 10 ? "0" : "")\(number)"),
                    "format": "completion",
                ]
            }
            let made = try await server.client.post(
                "/api/prompts_catalog/v1alpha1/prompttemplates:batch",
                headers: ConsoleSite.asOperator, json: ["items": .array(items)])
            try #require(made.status == 200)
            try await page.evaluate("location.hash = '#/catalogs/prompts/PromptTemplate?q=paged'")
            try await page.until(
                "the list", "document.querySelector('#results-note').textContent === '1–25 of 60'")
            try await page.click("#next")
            try await page.until(
                "page 2", "document.querySelector('#results-note').textContent === '26–50 of 60'")
            try await page.click("#next")
            try await page.until(
                "page 3", "document.querySelector('#results-note').textContent === '51–60 of 60'")
            #expect(try await page.text("button.result") == "paged-50")
            #expect(try await page.evaluate("document.querySelector('#next').disabled") == true)
            try await page.click("#previous")
            try await page.until(
                "page 2", "document.querySelector('button.result').textContent === 'paged-25'")
            #expect(page.problems == [])
        }

        @Test("names and texts are shown as they are, whatever stands in them")
        func inert() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port)
            let name = BrowserPage.quoted(ConsoleSite.hostile)
            try await page.until(
                "the audit event", "document.querySelector('#audit').textContent.includes(\(name))")
            try await page.click("#audit tbody button")
            try await page.until(
                "its details",
                "document.querySelector('#detail-body').textContent.includes('alice')")
            try await page.press(.escape)
            try await page.evaluate("location.hash = '#/catalogs/agents/Agent?q=onerror'")
            let found =
                "[...document.querySelectorAll('button.result')]"
                + ".find((each) => each.textContent === \(name))"
            try await page.until("the entity", found)
            try await page.until(
                "its facet", "document.querySelector('#facets').textContent.includes('router')")
            try await page.evaluate("\(found).click()")
            try await page.until("its details", "document.querySelector('#explanation .badge')")
            #expect(try await page.text("#detail-title") == ConsoleSite.hostile)
            #expect(try await page.text("#detail-body").contains("<script>window.hit=2</script>"))
            #expect(try await page.evaluate("window.hit ?? null") == .null)
            #expect(
                try await page.evaluate(
                    "document.querySelectorAll('img, #bold, main script, dialog script').length")
                    == 0)
            #expect(page.problems == [])
        }
    }
}
