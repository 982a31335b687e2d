# Which release this app is: its version, and the digest of the signed manifest in its package.
.class public final Ldev/drydock/agent/Release;
.super Ljava/lang/Object;

.method public static info(Landroid/content/Context;)Landroid/content/pm/PackageInfo;
    .locals 3
    invoke-virtual {p0}, Landroid/content/Context;->getPackageManager()Landroid/content/pm/PackageManager;
    move-result-object v0
    invoke-virtual {p0}, Landroid/content/Context;->getPackageName()Ljava/lang/String;
    move-result-object v1
    const/4 v2, 0x0
    invoke-virtual {v0, v1, v2}, Landroid/content/pm/PackageManager;->getPackageInfo(Ljava/lang/String;I)Landroid/content/pm/PackageInfo;
    move-result-object v0
    return-object v0
.end method

.method public static version(Landroid/content/Context;)Ljava/lang/String;
    .locals 1
    invoke-static {p0}, Ldev/drydock/agent/Release;->info(Landroid/content/Context;)Landroid/content/pm/PackageInfo;
    move-result-object v0
    iget-object v0, v0, Landroid/content/pm/PackageInfo;->versionName:Ljava/lang/String;
    return-object v0
.end method

# SHA-256 of the manifest's bytes inside its envelope: the release's name.
.method public static manifestDigest(Landroid/content/Context;)Ljava/lang/String;
    .locals 4
    new-instance v0, Ljava/lang/StringBuilder;
    const-string v1, "manifest-"
    invoke-direct {v0, v1}, Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    invoke-static {}, Ldev/drydock/agent/Facts;->arch()Ljava/lang/String;
    move-result-object v1
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    const-string v1, ".json"
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v0
    invoke-static {p0, v0}, Ldev/drydock/agent/Installation;->asset(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    if-nez v1, :there
    new-instance v1, Ljava/io/IOException;
    const-string v2, "this package was made for devices of another kind"
    invoke-direct {v1, v2}, Ljava/io/IOException;-><init>(Ljava/lang/String;)V
    throw v1
    :there
    new-instance v2, Lorg/json/JSONObject;
    invoke-direct {v2, v1}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    const-string v1, "payload"
    invoke-virtual {v2, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const/4 v2, 0x0
    invoke-static {v1, v2}, Landroid/util/Base64;->decode(Ljava/lang/String;I)[B
    move-result-object v1
    invoke-static {v1}, Ldev/drydock/agent/Text;->digestOf([B)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method
