import Foundation
import TestSupport
import Testing

extension DeployTests {
    @Suite("healthcheck")
    struct HealthcheckTests {
        private func check(_ arguments: [String]) async throws -> Program {
            try await Program(try ServerFiles.executable(named: "healthcheck"), arguments)
        }

        @Test("a 2xx is 0, anything else is 1, with the reason")
        func statuses() async throws {
            let server = try await SharedServer.get()
            let base = "http://localhost:\(server.port)"
            for path in ["/livez", "/readyz", "/healthz"] {
                let good = try await check(["\(base)\(path)"])
                #expect(good.status == 0, good.text)
                #expect(good.output.isEmpty && good.errors.isEmpty)
            }
            let bad = try await check(["\(base)/nowhere"])
            #expect(bad.status == 1)
            #expect(bad.errors.contains("status 404"), bad.text)
        }

        @Test("a server that is not ready, one that is not there, one that does not answer")
        func failures() async throws {
            let starting = try await ServerProcess.start(
                .init(dsn: "host=/nowhere dbname=x"))
            let unready = try await check(["http://127.0.0.1:\(starting.port)/readyz"])
            #expect(unready.status == 1)
            #expect(unready.errors.contains("status 503"), unready.text)
            starting.pause()
            let began = ContinuousClock.now
            let silent = try await check([
                "--timeout", "1", "http://127.0.0.1:\(starting.port)/livez",
            ])
            #expect(silent.status == 1)
            #expect(began.duration(to: .now) >= .seconds(1))
            starting.resume()
            try await starting.kill()
            let absent = try await check(["http://127.0.0.1:\(starting.port)/livez"])
            #expect(absent.status == 1, absent.text)
            #expect(try await check(["--timeout", "0"]).status == 64)
        }
    }
}
