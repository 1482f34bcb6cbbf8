import CatalogModel
import Foundation
import Synchronization
import TestSupport

/// A headless Chromium, spoken to in its DevTools protocol over a pipe; it ends with these tests.
final class Browser: Sendable {
    private struct State {
        var lastID: Int64 = 0
        var partial: [UInt8] = []
        var waiters: [Int64: CheckedContinuation<JSONValue, any Error>] = [:]
        /// Everything that the browser said without being asked, by session.
        var events: [String: [JSONValue]] = [:]
        var isEnded = false
    }

    private static let program = "chromium-headless-shell"
    private static let timeout: Duration = .seconds(20)
    private static let starting = Task { try await start() }

    private let process: Process
    private let input: FileHandle
    private let state = Mutex(State())

    /// The browser of this process, started on first use.
    static func shared() async throws -> Browser { try await starting.value }

    private static func start() async throws -> Browser {
        let find = ["/bin/sh", "-c", "command -v \(program)"]
        func path() async throws -> String {
            let run = try await ProgramRun(
                find[0], Array(find[1...]), environment: ProcessInfo.processInfo.environment)
            return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if try await path().isEmpty {
            let setup = try await ProgramRun(
                "\(ServerFiles.repository)/scripts/setup", ["tests"],
                environment: ProcessInfo.processInfo.environment)
            guard setup.status == 0 else { throw BrowserFailure("scripts/setup: \(setup.errors)") }
        }
        let executable = try await path()
        guard !executable.isEmpty else { throw BrowserFailure("\(program) is not installed") }
        return try Browser(executable)
    }

    private init(_ executable: String) throws {
        let folder = try ServerFiles.temporaryFolder()
        // A browser that root runs has to do without its sandbox; it sees nothing but the test's page.
        let options = [
            "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
            // Servers of tests sign their certificates themselves.
            "--ignore-certificate-errors",
            "--user-data-dir=\(folder)", "--remote-debugging-pipe",
        ]
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The protocol is spoken on descriptors 3 and 4; the browser ends with the pipe, its folder with it.
        process.arguments =
            [
                "-c", "\"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null; rm -rf \"$0\"", folder,
                executable,
            ] + options
        let (requests, answers) = (Pipe(), Pipe())
        process.standardInput = requests
        process.standardOutput = answers
        input = requests.fileHandleForWriting
        try process.run()
        let reading = answers.fileHandleForReading
        Thread { [self] in
            while true {
                let data = reading.availableData
                if data.isEmpty { break }
                take([UInt8](data))
            }
            end()
        }.start()
    }

    deinit { try? input.close() }

    private func take(_ bytes: [UInt8]) {
        let messages = state.withLock { state in
            state.partial += bytes
            var messages: [JSONValue] = []
            while let end = state.partial.firstIndex(of: 0) {
                // A message that says nothing in JSON is not waited for.
                if let value = try? JSONParser.parse(Array(state.partial[..<end])) {
                    messages.append(value)
                }
                state.partial.removeSubrange(...end)
            }
            return messages
        }
        for message in messages {
            guard let id = message["id"]?.intValue else {
                let session = message["sessionId"]?.stringValue ?? ""
                state.withLock { $0.events[session, default: []].append(message) }
                continue
            }
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            if let error = message.value(at: "error.message")?.stringValue {
                waiter?.resume(throwing: BrowserFailure(error))
            } else {
                waiter?.resume(returning: message["result"] ?? .null)
            }
        }
    }

    private func end() {
        let waiters = state.withLock { state in
            state.isEnded = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(throwing: BrowserFailure("the browser has ended")) }
    }

    /// Asks for something and waits for the answer.
    @discardableResult
    func call(
        _ method: String, _ parameters: JSONObject = [:], session: String? = nil
    ) async throws -> JSONValue {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        var message: JSONObject = [
            "id": .int(id), "method": .string(method), "params": .object(parameters),
        ]
        message["sessionId"] = session.map { .string($0) }
        let bytes = JSONValue.object(message).encoded + [0]
        let timer = Task {
            try await Task.sleep(for: Self.timeout)
            state.withLock { $0.waiters.removeValue(forKey: id) }?
                .resume(throwing: BrowserFailure("no answer to \(method)"))
        }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { waiter in
            let isEnded = state.withLock { state in
                if !state.isEnded { state.waiters[id] = waiter }
                return state.isEnded
            }
            if isEnded { return waiter.resume(throwing: BrowserFailure("the browser has ended")) }
            do {
                try input.write(contentsOf: Data(bytes))
            } catch {
                state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: error)
            }
        }
    }

    /// What a session has heard so far.
    func events(of session: String) -> [JSONValue] {
        state.withLock { $0.events[session] ?? [] }
    }
}

/// Why the browser could not do what a test wanted.
struct BrowserFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
