import CatalogModel
import Foundation
import Synchronization

/// Who a client's requests come from, unless a test says it itself.
package struct Caller: Sendable {
    /// A caller who adds nothing.
    package static let plain = Caller(mode: .none, namespace: nil)
    /// The name of a caller in a mode in which nobody may be without one.
    private static let user = "alice"
    private static let tokens = Mutex<[String: Task<String, any Error>]>([:])

    let mode: ContractMode
    /// The namespace of requests that name none.
    let namespace: String?

    /// The headers of a request with what is missing added.
    func headers(_ given: [String: String], target: String) async throws -> [String: String] {
        var all = given
        let names = Set(given.keys.map { $0.lowercased() })
        if let namespace, !names.contains("x-namespace"), !target.contains("namespace=") {
            all["X-Namespace"] = namespace
        }
        switch mode {
        case .none: break
        case .sar:
            if !names.contains("x-remote-user") { all["X-Remote-User"] = Self.user }
            let isOperator = Self.role(given)?.lowercased() == "operator"
            let group = isOperator ? ContractMode.operators : ContractMode.viewers
            if !names.contains("x-remote-group") { all["X-Remote-Group"] = group }
        case .jwt:
            if !names.contains("authorization"), let role = Self.role(given) {
                all["Authorization"] = "Bearer \(try await Self.token(of: role))"
            }
            // Where tokens give the role, the header must say nothing.
            if given["X-User-Role"] != nil { all["X-User-Role"] = "ignored" }
        }
        return all
    }

    /// The role that a test gives, without the blanks that do not count in a header.
    private static func role(_ headers: [String: String]) -> String? {
        headers["X-User-Role"]?.trimmingCharacters(in: .whitespaces)
    }

    /// A signed token that carries a role; each is signed once.
    private static func token(of role: String) async throws -> String {
        let task = tokens.withLock { tokens in
            let task =
                tokens[role]
                ?? Task {
                    let issuer = try await ContractMode.issuer.value
                    return try await issuer.token(["role": .string(role)])
                }
            tokens[role] = task
            return task
        }
        return try await task.value
    }

    /// Header lines that say the same, each with its end, for requests that are sent as bytes.
    func lines(_ given: [String: String], target: String) async throws -> String {
        let all = try await headers(given, target: target).sorted { $0.key < $1.key }
        return all.map { "\($0.key): \($0.value)\r\n" }.joined()
    }
}
