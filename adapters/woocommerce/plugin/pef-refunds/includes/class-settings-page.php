<?php
/**
 * Connecting, checking and leaving, on the settings page.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * What stands above the form, and what its buttons do.
 */
final class Settings_Page {

	const CHECKS = 'pef_refunds_checks';

	/**
	 * Hooks the page in.
	 */
	public static function hook() {
		add_filter( 'woocommerce_integrations', array( self::class, 'add' ) );
		add_filter( 'woocommerce_save_settings_integration_pef-refunds', array( self::class, 'save_on_press' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( PEF_REFUNDS_FILE ), array( self::class, 'link' ) );
		add_action( 'admin_init', array( self::class, 'welcome' ) );
		add_action( 'admin_enqueue_scripts', array( Assets::class, 'load' ) );
		add_action( 'wp_ajax_' . self::CHECKS, array( self::class, 'answer_checks' ) );
		add_action( 'wp_ajax_nopriv_' . Checks::PROBE, array( Checks::class, 'answer_probe' ) );
	}

	/**
	 * Adds the page.
	 *
	 * @param array $integrations WooCommerce's integrations.
	 * @return array
	 */
	public static function add( $integrations ) {
		$integrations[] = Integration::class;
		return $integrations;
	}

	/**
	 * Our buttons save the form too; WooCommerce looks for its own button only.
	 *
	 * @param bool $saves Whether the form is being saved.
	 * @return bool
	 */
	public static function save_on_press( $saves ) {
		// phpcs:ignore WordPress.Security.NonceVerification -- WooCommerce verifies it next.
		return $saves || ! empty( $_POST['pef_refunds_press'] );
	}

	/**
	 * A link in the list of plugins.
	 *
	 * @param array $links Links.
	 * @return array
	 */
	public static function link( $links ) {
		array_unshift( $links, '<a href="' . esc_url( Settings::page() ) . '">' . esc_html__( 'Settings', 'pef-refunds' ) . '</a>' );
		return $links;
	}

	/**
	 * Activation leads here, once.
	 */
	public static function welcome() {
		// phpcs:ignore WordPress.Security.NonceVerification -- only looks whether several were activated.
		if ( 'yes' !== get_transient( 'pef_refunds_welcome' ) || isset( $_GET['activate-multi'] ) || wp_doing_ajax() || ! current_user_can( 'manage_woocommerce' ) ) {
			return;
		}
		delete_transient( 'pef_refunds_welcome' );
		wp_safe_redirect( Settings::page() );
		exit;
	}

	/**
	 * Where the connection stands, with its buttons.
	 */
	public static function show_connection() {
		$connected = Connection::is_there();
		echo '<div class="pef-connection">';
		if ( $connected ) {
			/* translators: %s: name of the store at the service */
			echo '<p class="pef-connected">✓ ' . esc_html( sprintf( __( 'Connected as "%s".', 'pef-refunds' ), Connection::store_id() ) ) . '</p>';
			self::button( 'disconnect', __( 'Disconnect', 'pef-refunds' ), 'button' );
		} else {
			echo '<p>' . esc_html__( 'Not connected yet. Fill in the address, the payment methods and the one-time code, then press Connect and approve.', 'pef-refunds' ) . '</p>';
			echo '<p><label for="pef_code">' . esc_html__( 'One-time code', 'pef-refunds' ) . '</label> ';
			echo '<input type="text" id="pef_code" name="pef_refunds_code" autocomplete="off" placeholder="XXXX-XXXX-XXXX" maxlength="40" /> ';
			self::button( 'connect', __( 'Connect', 'pef-refunds' ), 'button button-primary' );
			echo '</p>';
		}
		echo '<div id="pef-checks" data-connected="' . ( $connected ? 'yes' : 'no' ) . '">';
		self::show_checks( Checks::here() );
		echo '</div>';
		echo '<p><button type="button" class="button" id="pef-check-again">' . esc_html__( 'Check everything', 'pef-refunds' ) . '</button></p></div>';
	}

	/**
	 * Checks as a table.
	 *
	 * @param array[] $checks The checks.
	 */
	public static function show_checks( array $checks ) {
		echo '<table class="widefat striped pef-checks"><tbody>';
		foreach ( $checks as $check ) {
			echo '<tr><td class="' . ( $check['passed'] ? 'pef-yes' : 'pef-no' ) . '">' . ( $check['passed'] ? '✓' : '✗' ) . '<span class="screen-reader-text">'
				. esc_html( $check['passed'] ? __( 'right', 'pef-refunds' ) : __( 'wrong', 'pef-refunds' ) ) . '</span></td>';
			echo '<td><strong>' . esc_html( $check['name'] ) . '</strong></td><td>' . esc_html( $check['detail'] );
			if ( '' !== $check['mend'] ) {
				echo '<br /><em>' . esc_html( $check['mend'] ) . '</em>';
			}
			echo '</td></tr>';
		}
		echo '</tbody></table>';
	}

	/**
	 * Runs all checks for the page's script.
	 */
	public static function answer_checks() {
		check_ajax_referer( self::CHECKS, 'nonce' );
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_send_json_error( array(), 403 );
		}
		ob_start();
		self::show_checks( Checks::all() );
		wp_send_json_success(
			array(
				'html'      => ob_get_clean(),
				'connected' => Connection::is_there(),
			)
		);
	}

	/**
	 * The form was saved: does what the pressed button says, or passes changes on.
	 *
	 * @param bool $changed Whether a setting changed.
	 */
	public static function after_save( bool $changed ) {
		// phpcs:disable WordPress.Security.NonceVerification -- WooCommerce has verified the form's nonce.
		$pressed = isset( $_POST['pef_refunds_press'] ) ? sanitize_key( wp_unslash( $_POST['pef_refunds_press'] ) ) : '';
		$code    = isset( $_POST['pef_refunds_code'] ) ? sanitize_text_field( wp_unslash( $_POST['pef_refunds_code'] ) ) : '';
		// phpcs:enable
		if ( 'connect' === $pressed ) {
			self::connect( $code );
		} elseif ( 'disconnect' === $pressed ) {
			self::disconnect();
		} elseif ( $changed && Connection::is_there() ) {
			self::pass_on( Service::ask( 'settings', self::choices() ) );
		}
	}

	/**
	 * Asks the service where to approve the keys, and goes there.
	 *
	 * @param string $code The one-time code.
	 */
	private static function connect( string $code ) {
		if ( '' === $code || '' === Settings::address() || ! Settings::payment_methods() ) {
			\WC_Admin_Settings::add_error( __( 'Connecting needs the service address, at least one payment method and the one-time code.', 'pef-refunds' ) );
			return;
		}
		$answer = Service::connect(
			self::choices() + array(
				'code'       => $code,
				'address'    => home_url(),
				'return_url' => Settings::page(),
			)
		);
		$link   = $answer->text( 'authorize_url' );
		if ( ! $answer->is_good() || 0 !== strpos( $link, home_url( '/wc-auth/' ) ) ) {
			\WC_Admin_Settings::add_error( $answer->is_good() ? __( 'The service named an address that is not this store\'s.', 'pef-refunds' ) : $answer->trouble() );
			return;
		}
		wp_safe_redirect( esc_url_raw( $link ) );
		exit;
	}

	/**
	 * Leaves: the service is told, then what it made here goes, whether it answered or not.
	 */
	private static function disconnect() {
		$ids    = Connection::webhook_ids();
		$answer = Service::ask( 'disconnect' );
		Connection::remove( $ids );
		if ( ! $answer->is_good() ) {
			\WC_Admin_Settings::add_error( $answer->trouble() . ' ' . __( 'The webhooks and keys in this store were removed all the same.', 'pef-refunds' ) );
			return;
		}
		\WC_Admin_Settings::add_message( __( 'Disconnected: the webhooks and keys in this store were removed.', 'pef-refunds' ) );
	}

	/**
	 * Shows that the service did not take the changed settings.
	 *
	 * @param Answer $answer The service's answer.
	 */
	private static function pass_on( Answer $answer ) {
		if ( ! $answer->is_good() ) {
			\WC_Admin_Settings::add_error( $answer->trouble() . ' ' . __( 'Saved here, but not at the service; save again.', 'pef-refunds' ) );
		}
	}

	/**
	 * The settings that the service needs.
	 */
	private static function choices(): array {
		return array(
			'payment_methods'     => Settings::payment_methods(),
			'transaction_id_from' => (string) Settings::get( 'transaction_id_from' ),
			'auth'                => Checks::auth(),
		);
	}

	/**
	 * A button of WooCommerce's own form.
	 *
	 * @param string $press What it does.
	 * @param string $label Its text.
	 * @param string $looks CSS classes.
	 */
	private static function button( string $press, string $label, string $looks ) {
		echo '<button type="submit" class="' . esc_attr( $looks ) . '" name="pef_refunds_press" value="' . esc_attr( $press ) . '">' . esc_html( $label ) . '</button>';
	}
}
