# Android's package installer. It replaces this app only by one that the same key signed and whose
# version code is no lower; as the device's owner, and from Android 12 on, without asking anybody.
.class public final Ldev/drydock/agent/Install;
.super Ljava/lang/Object;

.method private static installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    .locals 1
    invoke-virtual {p0}, Landroid/content/Context;->getPackageManager()Landroid/content/pm/PackageManager;
    move-result-object v0
    invoke-virtual {v0}, Landroid/content/pm/PackageManager;->getPackageInstaller()Landroid/content/pm/PackageInstaller;
    move-result-object v0
    return-object v0
.end method

# The session of the attempt; -1 where there is none.
.method private static session(Landroid/content/Context;)I
    .locals 1
    const-string v0, "attempt_session"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    if-nez v0, :there
    const/4 v0, -0x1
    return v0
    :there
    invoke-static {v0}, Ljava/lang/Integer;->parseInt(Ljava/lang/String;)I
    move-result v0
    return v0
.end method

.method public static isOpen(Landroid/content/Context;)Z
    .locals 2
    invoke-static {p0}, Ldev/drydock/agent/Install;->installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    move-result-object v0
    invoke-static {p0}, Ldev/drydock/agent/Install;->session(Landroid/content/Context;)I
    move-result v1
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageInstaller;->getSessionInfo(I)Landroid/content/pm/PackageInstaller$SessionInfo;
    move-result-object v0
    if-eqz v0, :gone
    const/4 v0, 0x1
    return v0
    :gone
    const/4 v0, 0x0
    return v0
.end method

# Gives up the session, if it is still there.
.method public static abandon(Landroid/content/Context;)V
    .locals 3
    invoke-static {p0}, Ldev/drydock/agent/Install;->isOpen(Landroid/content/Context;)Z
    move-result v0
    if-eqz v0, :gone
    invoke-static {p0}, Ldev/drydock/agent/Install;->installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    move-result-object v0
    invoke-static {p0}, Ldev/drydock/agent/Install;->session(Landroid/content/Context;)I
    move-result v1
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageInstaller;->abandonSession(I)V
    :gone
    const-string v0, "attempt_session"
    const/4 v1, 0x0
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method

# Downloads the attempt's release into a new session: `staged`, or failed as `digest-mismatch`.
.method public static fetch(Landroid/content/Context;Lorg/json/JSONObject;Ljava/lang/String;)V
    .locals 9
    invoke-static {p0}, Ldev/drydock/agent/Install;->abandon(Landroid/content/Context;)V
    const-string v0, "attempt_manifest"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    const-string v1, "/agent/v1/packages/"
    invoke-virtual {v1, v0}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    const/4 v1, 0x0
    invoke-static {p1, v0, p2, v1}, Ldev/drydock/agent/Link;->request(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    move-result-object v0
    invoke-virtual {v0}, Ljava/net/HttpURLConnection;->getResponseCode()I
    move-result v1
    const/16 v2, 0xc8
    if-eq v1, v2, :good
    invoke-static {v0}, Ldev/drydock/agent/Link;->json(Ljava/net/HttpURLConnection;)Lorg/json/JSONObject;
    return-void
    :good
    invoke-static {p0}, Ldev/drydock/agent/Install;->open(Landroid/content/Context;)I
    move-result v1
    const-string v2, "attempt_session"
    invoke-static {v1}, Ljava/lang/String;->valueOf(I)Ljava/lang/String;
    move-result-object v3
    invoke-static {p0, v2, v3}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p0}, Ldev/drydock/agent/Install;->installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    move-result-object v2
    invoke-virtual {v2, v1}, Landroid/content/pm/PackageInstaller;->openSession(I)Landroid/content/pm/PackageInstaller$Session;
    move-result-object v1
    const-string v2, "agent.apk"
    const-wide/16 v3, 0x0
    const-wide/16 v5, -0x1
    invoke-virtual/range {v1 .. v6}, Landroid/content/pm/PackageInstaller$Session;->openWrite(Ljava/lang/String;JJ)Ljava/io/OutputStream;
    move-result-object v2
    invoke-virtual {v0}, Ljava/net/HttpURLConnection;->getInputStream()Ljava/io/InputStream;
    move-result-object v3
    invoke-static {v3, v2}, Ldev/drydock/agent/Install;->copy(Ljava/io/InputStream;Ljava/io/OutputStream;)Ljava/lang/String;
    move-result-object v4
    invoke-virtual {v1, v2}, Landroid/content/pm/PackageInstaller$Session;->fsync(Ljava/io/OutputStream;)V
    invoke-virtual {v2}, Ljava/io/OutputStream;->close()V
    invoke-virtual {v1}, Landroid/content/pm/PackageInstaller$Session;->close()V
    const-string v5, "ETag"
    invoke-virtual {v0, v5}, Ljava/net/HttpURLConnection;->getHeaderField(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v5
    new-instance v6, Ljava/lang/StringBuilder;
    const-string v7, "\""
    invoke-direct {v6, v7}, Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    invoke-virtual {v6, v4}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v6, v7}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v6}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v6
    invoke-virtual {v6, v5}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v7
    if-eqz v7, :damaged
    const-string v7, "staged"
    invoke-static {p0, v7}, Ldev/drydock/agent/Attempt;->enter(Landroid/content/Context;Ljava/lang/String;)V
    return-void
    :damaged
    const-string v7, "digest-mismatch"
    invoke-static {p0, v7, v6}, Ldev/drydock/agent/Attempt;->fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method

# A session that replaces this package whole; its id.
.method private static open(Landroid/content/Context;)I
    .locals 4
    new-instance v0, Landroid/content/pm/PackageInstaller$SessionParams;
    const/4 v1, 0x1
    invoke-direct {v0, v1}, Landroid/content/pm/PackageInstaller$SessionParams;-><init>(I)V
    invoke-virtual {p0}, Landroid/content/Context;->getPackageName()Ljava/lang/String;
    move-result-object v1
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageInstaller$SessionParams;->setAppPackageName(Ljava/lang/String;)V
    sget v1, Landroid/os/Build$VERSION;->SDK_INT:I
    const/16 v2, 0x1f
    if-lt v1, v2, :older
    const/4 v1, 0x2
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageInstaller$SessionParams;->setRequireUserAction(I)V
    :older
    invoke-static {p0}, Ldev/drydock/agent/Install;->installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    move-result-object v1
    invoke-virtual {v1, v0}, Landroid/content/pm/PackageInstaller;->createSession(Landroid/content/pm/PackageInstaller$SessionParams;)I
    move-result v0
    return v0
.end method

# All bytes, at most 64 MiB; their SHA-256.
.method private static copy(Ljava/io/InputStream;Ljava/io/OutputStream;)Ljava/lang/String;
    .locals 6
    invoke-static {}, Ldev/drydock/agent/Text;->sha256()Ljava/security/MessageDigest;
    move-result-object v0
    const/16 v1, 0x4000
    new-array v1, v1, [B
    const/4 v2, 0x0
    const/high16 v3, 0x4000000
    :more
    invoke-virtual {p0, v1}, Ljava/io/InputStream;->read([B)I
    move-result v4
    if-ltz v4, :end
    add-int/2addr v2, v4
    if-gt v2, v3, :too_large
    const/4 v5, 0x0
    invoke-virtual {v0, v1, v5, v4}, Ljava/security/MessageDigest;->update([BII)V
    invoke-virtual {p1, v1, v5, v4}, Ljava/io/OutputStream;->write([BII)V
    goto :more
    :too_large
    new-instance v0, Ljava/io/IOException;
    const-string v1, "a package beyond its limit"
    invoke-direct {v0, v1}, Ljava/io/IOException;-><init>(Ljava/lang/String;)V
    throw v0
    :end
    invoke-virtual {p0}, Ljava/io/InputStream;->close()V
    invoke-virtual {v0}, Ljava/security/MessageDigest;->digest()[B
    move-result-object v0
    invoke-static {v0}, Ldev/drydock/agent/Text;->hex([B)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

# Hands the session over; what becomes of it comes to InstallResult.
.method public static commit(Landroid/content/Context;)V
    .locals 5
    invoke-static {p0}, Ldev/drydock/agent/Install;->session(Landroid/content/Context;)I
    move-result v0
    new-instance v1, Landroid/content/Intent;
    const-class v2, Ldev/drydock/agent/InstallResult;
    invoke-direct {v1, p0, v2}, Landroid/content/Intent;-><init>(Landroid/content/Context;Ljava/lang/Class;)V
    const/high16 v2, 0x8000000
    sget v3, Landroid/os/Build$VERSION;->SDK_INT:I
    const/16 v4, 0x1f
    if-lt v3, v4, :flags
    const/high16 v2, 0xa000000
    :flags
    invoke-static {p0, v0, v1, v2}, Landroid/app/PendingIntent;->getBroadcast(Landroid/content/Context;ILandroid/content/Intent;I)Landroid/app/PendingIntent;
    move-result-object v1
    invoke-virtual {v1}, Landroid/app/PendingIntent;->getIntentSender()Landroid/content/IntentSender;
    move-result-object v1
    invoke-static {p0}, Ldev/drydock/agent/Install;->installer(Landroid/content/Context;)Landroid/content/pm/PackageInstaller;
    move-result-object v2
    invoke-virtual {v2, v0}, Landroid/content/pm/PackageInstaller;->openSession(I)Landroid/content/pm/PackageInstaller$Session;
    move-result-object v0
    invoke-virtual {v0, v1}, Landroid/content/pm/PackageInstaller$Session;->commit(Landroid/content/IntentSender;)V
    invoke-virtual {v0}, Landroid/content/pm/PackageInstaller$Session;->close()V
    return-void
.end method
