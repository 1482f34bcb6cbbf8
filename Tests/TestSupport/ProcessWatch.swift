import Foundation

/// Sees to it that nothing of a started process is left once the tests' process has gone.
///
/// The kernel's signal on a parent's death is no use for it: it comes with the end of the thread that
/// started the process, and threads of a pool end when they like.
package enum ProcessWatch {
    /// Starts a shell that ends the process, and removes the folder, however the tests end.
    package static func start(_ process: Int32, folder: String? = nil) throws {
        let script = """
            watched=\(process)
            while kill -0 \(getpid()) 2>/dev/null; do
                if [ -n "$watched" ]; then kill -0 "$watched" 2>/dev/null || watched=; fi
                sleep 0.5
            done
            if [ -n "$watched" ]; then kill -9 "$watched" 2>/dev/null; fi
            \(folder.map { "rm -rf '\($0)'" } ?? "")
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["/bin/sh", "-c", script]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }
}
