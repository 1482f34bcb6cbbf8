import CatalogModel
import TestSupport
import Testing

extension ConsoleTests {
    @Suite("Who asks")
    struct IdentityPageTests {
        @Test("where tokens give the role, one can be entered, and is kept in the page alone")
        func token() async throws {
            let issuer = try await TokenIssuer.make()
            let server = try await ServerProcess.ready(
                .init(environment: [
                    "CATALOG_AUTH_MODE": "jwt",
                    "CATALOG_JWT_PUBLIC_KEY_PATH": issuer.publicKeyPath,
                ]))
            let page = try await BrowserPage.console(port: server.port)
            let button = "document.querySelector('#jobs button[aria-label^=\"Run again skills\"]')"
            try await page.until("the job", button)
            try await page.evaluate("\(button).click()")
            try await page.until(
                "the refusal",
                "document.querySelector('#notices').textContent.includes('a token of an operator')")
            try await page.click("#identity")
            try await page.click("#token")
            try await page.type("Bearer \(try await issuer.token(["role": "operator"]))")
            try await page.click("#identity-form button.primary")
            try await page.until(
                "the token", "document.querySelector('#identity').textContent === 'Token'")
            try await page.until("the job", button)
            try await page.evaluate("\(button).click()")
            try await page.until(
                "the answer", "document.querySelector('#notices').textContent.includes('Asked for')"
            )
            let kept = try await page.evaluate(
                "localStorage.length + sessionStorage.length + document.cookie.length"
                    + " + document.querySelector('#token').value.length")
            #expect(kept == 0)
            // Without the server the page says so, and goes on asking.
            try await server.terminate()
            try await page.until(
                "the end", "document.querySelector('#live').textContent === 'Reconnecting'")
        }

        @Test("where the cluster decides, what is not granted is named instead of shown")
        func cluster() async throws {
            let cluster = try await KubernetesDouble.start()
            cluster.allow(user: "reader", ["list", "get"], on: ["assets", "plugins"], in: "red")
            cluster.allow(user: "reader", ["list"], on: ["jobs"], in: "blue")
            cluster.allow(user: "reader", ["list"], on: ["plugins"], in: "blue")
            var environment = cluster.environment
            environment["CATALOG_TENANCY_MODE"] = "namespace"
            environment["CATALOG_AUTHZ_MODE"] = "sar"
            environment["CATALOG_NAMESPACES"] = "red,blue"
            let server = try await ServerProcess.ready(.init(environment: environment))
            // The headers that a proxy in front of the server would add.
            let page = try await BrowserPage.console(
                port: server.port, headers: ["X-Remote-User": "reader"])
            try await page.untilLive()
            #expect(try await page.evaluate("document.querySelector('#namespace').value") == "red")
            try await page.until(
                "the refusal",
                "document.querySelector('#audit').textContent.includes('it takes the right audit/list')"
            )
            #expect(try await page.text("#jobs").contains("it takes the right jobs/list"))
            #expect(try await page.text("#replicas").contains("alive"))
            // Another namespace, other rights.
            try await page.evaluate(
                """
                (() => { const field = document.querySelector('#namespace'); field.value = 'blue';
                  field.dispatchEvent(new Event('change')); })()
                """)
            try await page.until(
                "the other namespace",
                "document.querySelector('#replicas').textContent.includes('assets/list')")
            #expect(try await page.text("#jobs").contains("No source has been refreshed"))
            try await page.evaluate("location.hash = '#/catalogs'")
            try await page.until(
                "the refusal",
                "document.querySelector('#results').textContent.includes('insufficient permissions')"
            )
            try await server.kill()
        }
    }
}
