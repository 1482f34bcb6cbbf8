import Glibc

/// How many files the process may have open; each environment takes some.
package enum OpenFileLimit {
    /// Descriptors that one open environment holds: its data twice, its readers, its owner.
    package static let filesPerEnvironment = 4

    /// Raises the limit to what the system allows this process and returns it.
    ///
    /// Call it once at start, before environments are opened. A refusal changes nothing.
    @discardableResult
    package static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1_024
        }
        var wanted = limit
        wanted.rlim_cur = limit.rlim_max
        if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0 {
            limit = wanted
        }
        return Int(clamping: limit.rlim_cur)
    }
}
