import Foundation

/// One process of the server, from its start to its end.
final class ServerRun: Sendable {
    let log = LogCollector()
    let processIdentifier: Int32
    private let exit = ExitState()

    /// Starts the process; its log is read until it ends.
    init(environment: [String: String], cacheDirectory: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ServerFiles.executable())
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardError = pipe
        let (exit, log) = (self.exit, self.log)
        process.terminationHandler = { process in
            let status = process.terminationStatus
            exit.end(process.terminationReason == .uncaughtSignal ? -status : status)
        }
        try process.run()
        processIdentifier = process.processIdentifier
        let reading = pipe.fileHandleForReading
        Thread {
            while true {
                let data = reading.availableData
                if data.isEmpty { break }
                log.append([UInt8](data))
            }
            try? reading.close()
            log.end()
        }.start()
        try ProcessWatch.start(processIdentifier, folder: cacheDirectory)
    }

    var isRunning: Bool { exit.status == nil }

    func signal(_ number: Int32) {
        if isRunning { _ = kill(processIdentifier, number) }
    }

    /// The status with which the process ended, the negative signal if by one; nil in vain.
    func exitStatus(within timeout: Duration) async -> Int32? {
        await exit.wait(within: timeout)
    }
}
