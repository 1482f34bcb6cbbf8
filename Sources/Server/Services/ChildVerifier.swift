package import CatalogModel
import Invalidation
import ReadPath
import Subprocess
import SystemPackage
package import Telemetry

/// Verifies the files of an earlier process in a child process, which may crash on damaged pages.
package struct ChildVerifier: CacheVerifier {
    /// The command of this executable that verifies; its arguments are the directory and namespaces.
    package static let command = "verify-cache"

    private let directory: String
    private let observer: Observer

    package init(directory: String, observer: Observer) {
        self.directory = directory
        self.observer = observer
    }

    /// Runs the child over all namespaces; one that kills it is damaged, the rest gets another child.
    package func intact(_ namespaces: [Namespace]) async -> Set<Namespace> {
        var intact: Set<Namespace> = []
        var rest = namespaces
        while !rest.isEmpty {
            let verdicts = await verdicts(on: rest)
            for (namespace, isIntact) in zip(rest, verdicts) where isIntact {
                intact.insert(namespace)
            }
            // The one after the last verdict is the one that the child could not survive.
            rest.removeFirst(min(rest.count, verdicts.count + 1))
        }
        return intact
    }

    private func verdicts(on namespaces: [Namespace]) async -> [Bool] {
        do {
            let result = try await run(
                .path("/proc/self/exe"),
                arguments: Arguments([Self.command, directory] + namespaces.map(\.name)),
                output: .string(limit: 1 << 20), error: .discarded)
            let lines = result.standardOutput.split(separator: "\n")
            return lines.map { $0.hasPrefix("intact ") }
        } catch {
            observer.observe(
                .cacheDiscarded(namespace: "", reason: "the verifier did not run: \(error)"))
            return []
        }
    }

    /// The child's side: prints one verdict per namespace, in order, each as soon as it is known.
    package static func verify(directory: String, namespaces: [String]) {
        let kinds = KindTable(plugins: Plugins.all)
        for name in namespaces {
            do {
                let cache = try NamespaceCache(
                    namespace: Namespace(name), path: "\(directory)/\(name)", kinds: kinds,
                    bootID: MachineFacts.bootID)
                guard try cache.trustedHeader() != nil else {
                    print("absent \(name)")
                    continue
                }
                try cache.verify()
                print("intact \(name)")
            } catch {
                print("damaged \(name): \(error)")
            }
        }
    }
}
