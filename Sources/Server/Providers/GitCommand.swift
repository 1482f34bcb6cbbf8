import CatalogModel
import Subprocess
import SystemPackage
import Telemetry
import WritePath

/// Runs git with nothing of the machine's configuration, a time limit, and its files limited.
struct GitCommand: Sendable {
    let settings: ProviderSettings
    let git: GitSettings
    /// The folder of the bare repository; git's home too.
    let folder: String
    /// The address to connect to, where the repository is at another host.
    let address: String?
    let access: RemoteAccess
    let authorities: String?

    /// The repository as git is told of it.
    var url: String {
        switch git.place {
        case .remote(let url): url.text
        case .folder(let path): "file://\(path)"
        }
    }

    /// The output of a command; throws by what git says went wrong.
    func output(
        _ arguments: [String], input: [UInt8] = [], limit: Int
    ) async throws(LoadError) -> [UInt8] {
        let environment = environment
        let folder = folder
        do {
            let (status, output, message) = try await TimeLimit.run(ProviderLimits.loadTime) {
                // A file that grows beyond the limit ends git, whatever is being sent.
                let result = try await run(
                    .path("/bin/sh"),
                    arguments: Arguments(
                        [
                            "-c", #"ulimit -f "$1"; shift; exec git "$@""#, "sh",
                            String(ProviderLimits.gitFileBlocks),
                        ] + arguments),
                    environment: .custom(environment), workingDirectory: FilePath(folder),
                    platformOptions: Self.ownSession, input: .array(input),
                    output: .bytes(limit: limit),
                    error: .string(limit: ProviderLimits.gitMessageBytes))
                return (result.terminationStatus, result.standardOutput, result.standardError)
            }
            guard case .exited(0) = status else { throw failure(status, message) }
            return output
        } catch let error as LoadError {
            throw error
        } catch is TimeLimit.Passed {
            throw settings.error(.timeout, "git took too long")
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw settings.error(.tooLarge, "the repository has more than can be loaded")
        } catch {
            throw settings.error(.gitFailed, "git cannot be run: \(error)")
        }
    }

    /// Its children are in the session too, so that they end with it.
    private static var ownSession: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(
                signal: .terminate, toProcessGroup: true,
                allowedDurationToNextStep: .milliseconds(500)),
            .send(
                signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500)),
        ]
        return options
    }

    // MARK: Environment

    /// Secrets are in the environment, because every user of the machine sees arguments.
    private var environment: [Environment.Key: String] {
        var variables: [Environment.Key: String] = [
            "PATH": MachineFacts.environment()["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            "HOME": folder, "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": protocols,
            "GIT_HTTP_LOW_SPEED_LIMIT": String(ProviderLimits.gitSlowBytes),
            "GIT_HTTP_LOW_SPEED_TIME": String(access.timeout.components.seconds),
        ]
        variables["GIT_SSL_CAINFO"] = authorities
        variables["GIT_CONFIG_COUNT"] = String(configuration.count)
        for (index, entry) in configuration.enumerated() {
            variables[Environment.Key(stringLiteral: "GIT_CONFIG_KEY_\(index)")] = entry.key
            variables[Environment.Key(stringLiteral: "GIT_CONFIG_VALUE_\(index)")] = entry.value
        }
        return variables
    }

    private var protocols: String {
        switch git.place {
        case .remote(let url): url.isSecure ? "https" : "http"
        case .folder: "file"
        }
    }

    private var configuration: [(key: String, value: String)] {
        var entries = [
            ("http.followRedirects", "false"), ("http.sslVersion", "tlsv1.2"),
            ("core.hooksPath", "/dev/null"), ("gc.auto", "0"),
            ("fetch.unpackLimit", "1"), ("maintenance.auto", "false"),
        ]
        if case .remote(let url) = git.place {
            if let address, address != url.host {
                let shown = address.contains(":") ? "[\(address)]" : address
                entries.append(("http.curloptResolve", "\(url.host):\(url.port):\(shown)"))
            }
            if let token = git.token {
                let pair = Base64.encode(Array("x-access-token:\(token)".utf8))
                entries.append(("http.extraHeader", "Authorization: Basic \(pair)"))
            }
        }
        return entries
    }

    // MARK: Failures

    private static let meanings: [(texts: [String], code: LoadError.Code)] = [
        (
            [
                "Authentication failed", "could not read Username", "could not read Password",
                "error: 401", "error: 403",
            ], .unauthorized
        ),
        (["Operation too slow", "timed out"], .timeout),
        (["certificate"], .untrusted),
        (["error: 429", "error: 5"], .sourceUnavailable),
        (["signal 25", "File size limit"], .tooLarge),
        (
            [
                "find remote ref", "does not appear to be a git repository", "not found",
                "does not exist",
            ], .notFound
        ),
        (
            ["Could not resolve host", "Failed to connect", "Connection refused", "SSL"],
            .unreachable
        ),
    ]

    private func failure(_ status: TerminationStatus, _ message: String) -> LoadError {
        if case .signaled(25) = status {
            return settings.error(.tooLarge, "the repository is larger than git may write")
        }
        // The shell says so when there is no such program.
        if case .exited(127) = status {
            return settings.error(.gitFailed, "git is not installed")
        }
        let meaning = Self.meanings.first { meaning in
            meaning.texts.contains { message.contains($0) }
        }
        let lines = message.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("fatal:") } ?? lines.first ?? "git failed"
        return settings.error(
            meaning?.code ?? .gitFailed, String(line.prefix(ProviderLimits.gitMessageLength)))
    }
}

/// Base64 in the standard alphabet with padding (RFC 4648, section 4).
enum Base64 {
    /// Encodes bytes.
    static func encode(_ bytes: [UInt8]) -> String {
        var text = Base64URL.encode(bytes).map { character -> Character in
            character == "-" ? "+" : character == "_" ? "/" : character
        }
        while text.count % 4 != 0 { text.append("=") }
        return String(text)
    }
}
