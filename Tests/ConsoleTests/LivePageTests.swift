import CatalogModel
import TestSupport
import Testing

extension ConsoleTests {
    @Suite("What is live")
    struct LivePageTests {
        @Test("the page loads without a complaint and from this server alone")
        func loads() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port)
            try await page.untilLive()
            try await page.until("jobs", "document.querySelectorAll('#jobs tbody tr').length > 0")
            try await page.evaluate("location.hash = '#/catalogs'")
            try await page.until("catalogs", "document.querySelector('#results button.result')")
            #expect(page.problems == [])
            #expect(page.requests.count > 12)
            for address in page.requests {
                #expect(
                    address.hasPrefix("http://127.0.0.1:\(server.port)/")
                        || address == "data:,", "\(address)")
            }
            // The policy holds: what it forbids does not run, and is complained of.
            let result = try await page.evaluate(
                """
                (() => { const made = document.createElement('script');
                  try { made.textContent = 'window.hit = 4'; } catch { return 'refused'; }
                  document.body.append(made); return window.hit ?? 'refused'; })()
                """)
            #expect(result == "refused")
            #expect(!page.problems.isEmpty)
        }

        @Test("figures follow the traffic, tables the replicas and caches")
        func figures() async throws {
            let server = try await ConsoleSite.server()
            let page = try await BrowserPage.console(port: server.port)
            try await page.untilLive()
            let before = try await page.text("#rate-note")
            let end = ContinuousClock.now + .seconds(20)
            let connection = try await server.client.connect()
            while true {
                for _ in 0..<20 { _ = try await connection.get(ConsoleSite.agents) }
                let rate = try await page.text("#rate-figure").split(separator: " ").first
                if try await page.text("#rate-note") != before,
                    let rate, (Double(rate.filter { $0 != "," }) ?? 0) > 100
                {
                    break
                }
                try #require(ContinuousClock.now < end, "the rate stays at \(rate ?? "")")
            }
            #expect(try await page.text("#latency-figure").hasSuffix("s"))
            try await page.until(
                "hits", "parseFloat(document.querySelector('#hits-figure').textContent) > 50")
            try await page.until(
                "the cache",
                "document.querySelector('#namespaces-table').textContent.includes('in step')")
            let replicas = try await page.text("#replicas tbody")
            #expect(replicas.contains("this one") && replicas.contains("alive"))
            #expect(try await page.text("#facts").hasPrefix("ReadyPostgres answers"))
            let drawn = try await page.evaluate(
                "document.querySelectorAll('#rate-chart path.line')[0].getAttribute('d').length")
            #expect((drawn.intValue ?? 0) > 10)
            #expect(page.problems == [])
        }

        @Test("it is live over TLS and HTTP/2, too")
        func secure() async throws {
            let pair = try await CertificatePair.make()
            let server = try await ServerProcess.start(.init(environment: pair.environment))
            try await server.waitForLine { $0["message"]?.stringValue == "ready" }
            let page = try await BrowserPage.console(port: server.port, isSecure: true)
            try await page.untilLive()
            try await page.until("jobs", "document.querySelectorAll('#jobs tbody tr').length > 0")
            let spoken = try await page.evaluate(
                "performance.getEntriesByType('navigation')[0].nextHopProtocol")
            #expect(spoken == "h2")
            // It goes on: the figures of a later second are drawn.
            let before = try await page.text("#facts")
            try await page.until(
                "the next second",
                "document.querySelector('#facts').textContent !== \(BrowserPage.quoted(before))")
            #expect(page.problems == [])
            try await server.kill()
        }

        @Test("a job is canceled and asked for again, and what is not allowed is said")
        func jobs() async throws {
            let server = try await ConsoleSite.server()
            // A job that waits for its next attempt.
            let id =
                try await ConsoleSite.sql(
                    """
                    INSERT INTO refresh_jobs (namespace, plugin, source_id, requested_by,
                        idempotency_key, attempt_count, last_error, requested_at, not_before)
                    VALUES ('default', 'policies', '_all', 'bob', 'default:policies:_all', 1,
                        'the disk was away', clock_timestamp() - interval '1 hour',
                        clock_timestamp() + interval '1 hour')
                    RETURNING id
                    """, on: server
                ).split(separator: "\n").first.map(String.init) ?? ""
            let page = try await BrowserPage.console(port: server.port)
            let row = "document.querySelector('[data-job=\"\(id)\"]')"
            try await page.until("the job", "\(row)?.dataset.state === 'queued'")
            #expect(try await page.text("[data-job=\"\(id)\"]").contains("the disk was away"))
            #expect(try await page.text("#jobs-note").hasPrefix("1 queued"))
            // It waits, so it is among the first; canceled, it is as old as it is.
            try await page.click("[data-job=\"\(id)\"] button")
            try await page.until("its leaving", "!\(row)")
            try await page.click("[data-key=more-jobs]")
            try await page.until("the end", "\(row)?.dataset.state === 'canceled'")
            let job = try await server.client.get("/api/jobs/v1alpha1/refresh/\(id)")
            #expect(try job.json()["state"] == "canceled")

            // A viewer is told why not; an operator is not.
            try await page.click("[data-job=\"\(id)\"] button")
            try await page.until(
                "the refusal",
                "document.querySelector('#notices').textContent.includes('Not allow')")
            let refusal = try await page.text("#notices")
            #expect(refusal.contains("insufficient permissions"))
            #expect(refusal.contains("the role of an operator"))
            // The browser itself notes the status; nothing else went wrong.
            #expect(page.problems.allSatisfy { $0.contains("403") })
            try await page.click("#identity")
            try await page.click("#operator")
            try await page.click("#identity-form button.primary")
            try await page.until(
                "the role", "document.querySelector('#identity').textContent === 'Operator'")
            try await page.until("the job again", row)
            try await page.click("[data-job=\"\(id)\"] button")
            try await page.until(
                "the answer", "document.querySelector('#notices').textContent.includes('Asked for')"
            )
            try await page.until(
                "the new job",
                """
                [...document.querySelectorAll('#jobs tr[data-state=succeeded]')].some((each) =>
                  each.textContent.includes('policies') && each.textContent.includes('anonymous'))
                """)
        }
    }
}
