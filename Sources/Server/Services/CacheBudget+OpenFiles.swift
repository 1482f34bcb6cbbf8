import LMDB
import ReadPath
import Telemetry

extension CacheBudget {
    /// The budget, cut to what the files allow that the process may open.
    func withinOpenFiles(_ observer: Observer) -> CacheBudget {
        let files = OpenFileLimit.raise() - ServerLimits.filesBesideCaches
        let possible = max(1, files / OpenFileLimit.filesPerEnvironment)
        guard possible < maxNamespaces else { return self }
        observer.observe(
            .settingIgnored(
                name: "CATALOG_CACHE_MAX_NAMESPACES",
                reason: "the limit of open files allows \(possible)"))
        return CacheBudget(maxNamespaces: possible, maxBytes: maxBytes, pageBytes: pageBytes)
    }
}
