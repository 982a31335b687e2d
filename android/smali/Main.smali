# What a person sees who opens the app: its version and how its last round went. Opening it once
# after an installation by hand is what begins the work.
.class public final Ldev/drydock/agent/Main;
.super Landroid/app/Activity;

.method public constructor <init>()V
    .locals 0
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

.method public onCreate(Landroid/os/Bundle;)V
    .locals 4
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V
    invoke-static {p0}, Ldev/drydock/agent/Timer;->arm(Landroid/content/Context;)V
    sget v0, Landroid/os/Build$VERSION;->SDK_INT:I
    const/16 v1, 0x21
    if-lt v0, v1, :asked
    const/4 v0, 0x1
    new-array v1, v0, [Ljava/lang/String;
    const/4 v2, 0x0
    const-string v3, "android.permission.POST_NOTIFICATIONS"
    aput-object v3, v1, v2
    invoke-virtual {p0, v1, v0}, Ldev/drydock/agent/Main;->requestPermissions([Ljava/lang/String;I)V
    :asked
    return-void
.end method

.method public onResume()V
    .locals 3
    invoke-super {p0}, Landroid/app/Activity;->onResume()V
    new-instance v0, Ljava/lang/StringBuilder;
    const-string v1, "Drydock agent "
    invoke-direct {v0, v1}, Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    :version_start
    invoke-static {p0}, Ldev/drydock/agent/Release;->version(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v1
    :version_end
    .catch Landroid/content/pm/PackageManager$NameNotFoundException; {:version_start .. :version_end} :unknown
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    :unknown_end
    const-string v1, "\n\n"
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    const-string v1, "status"
    invoke-static {p0, v1}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    if-nez v1, :known
    const-string v1, "Starting."
    :known
    invoke-virtual {v0, v1}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v0}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v0
    new-instance v1, Landroid/widget/TextView;
    invoke-direct {v1, p0}, Landroid/widget/TextView;-><init>(Landroid/content/Context;)V
    invoke-virtual {v1, v0}, Landroid/widget/TextView;->setText(Ljava/lang/CharSequence;)V
    const/16 v2, 0x40
    invoke-virtual {v1, v2, v2, v2, v2}, Landroid/widget/TextView;->setPadding(IIII)V
    invoke-virtual {p0, v1}, Ldev/drydock/agent/Main;->setContentView(Landroid/view/View;)V
    return-void
    :unknown
    move-exception v1
    goto :unknown_end
.end method
