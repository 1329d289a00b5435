<?php
/**
 * The settings page: WooCommerce › Settings › Integration › PagoEfectivo refunds.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * The form, and what its buttons do. WooCommerce has checked nonce and rights when
 * process_admin_options is called.
 */
final class Integration extends \WC_Integration {

	/**
	 * Names itself.
	 */
	public function __construct() {
		$this->id                 = 'pef-refunds';
		$this->method_title       = __( 'PagoEfectivo refunds', 'pef-refunds' );
		$this->method_description = __( 'Press Refund on an order that was paid with PagoEfectivo. The money goes back once, and the order tells how far it is.', 'pef-refunds' );
		$this->init_settings();
		add_action( 'woocommerce_update_options_integration_' . $this->id, array( $this, 'process_admin_options' ) );
	}

	/**
	 * The option's name.
	 *
	 * @return string
	 */
	public function get_option_key() {
		return Settings::OPTION;
	}

	/**
	 * The fields. They are made when asked for, because they list the payment methods.
	 *
	 * @return array
	 */
	public function get_form_fields() {
		$this->form_fields = Settings_Fields::all();
		return parent::get_form_fields();
	}

	/**
	 * The page: where the connection stands, its checks, then the form.
	 */
	public function admin_options() {
		echo '<h2>' . esc_html( $this->get_method_title() ) . '</h2>';
		echo '<p>' . esc_html( $this->method_description ) . '</p>';
		Settings_Page::show_connection();
		echo '<input type="hidden" name="section" value="' . esc_attr( $this->id ) . '" />';
		echo '<table class="form-table">';
		// phpcs:ignore WordPress.Security.EscapeOutput -- WooCommerce escapes its own fields.
		echo $this->generate_settings_html( $this->get_form_fields(), false );
		echo '</table>';
	}

	/**
	 * Saves without autoloading, then does what the pressed button says.
	 *
	 * @return bool
	 */
	public function process_admin_options() {
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			return false;
		}
		$this->init_settings();
		$before = $this->settings;
		foreach ( $this->get_form_fields() as $key => $field ) {
			if ( 'title' !== $this->get_field_type( $field ) ) {
				$this->settings[ $key ] = $this->get_field_value( $key, $field, $this->get_post_data() );
			}
		}
		update_option( Settings::OPTION, $this->settings, 'no' );
		Connection::look_again();
		Settings_Page::after_save( $before !== $this->settings );
		return true;
	}

	/**
	 * The service's address: https, without anything behind the host and path.
	 *
	 * @param string      $key   The field.
	 * @param string|null $value What was typed.
	 * @return string
	 */
	public function validate_address_field( $key, $value ) {
		$kept  = isset( $this->settings[ $key ] ) ? $this->settings[ $key ] : '';
		$typed = untrailingslashit( esc_url_raw( trim( (string) $value ), array( 'https', 'http' ) ) );
		$parts = wp_parse_url( $typed );
		if ( '' === $typed ) {
			return '';
		}
		$local = isset( $parts['host'] ) && in_array( $parts['host'], array( 'localhost', '127.0.0.1' ), true );
		if ( empty( $parts['host'] ) || isset( $parts['query'] ) || isset( $parts['user'] ) || ( 'https' !== $parts['scheme'] && ! $local ) ) {
			\WC_Admin_Settings::add_error( __( 'The service address must begin with https:// and hold no key.', 'pef-refunds' ) );
			return $kept;
		}
		return $typed;
	}

	/**
	 * Where the CIP stands: transaction_id, or meta:NAME.
	 *
	 * @param string      $key   The field.
	 * @param string|null $value What was typed.
	 * @return string
	 */
	public function validate_transaction_id_from_field( $key, $value ) {
		$typed = trim( sanitize_text_field( (string) $value ) );
		if ( 1 !== preg_match( '/\A(transaction_id|meta:\S{1,200})\z/', $typed ) ) {
			\WC_Admin_Settings::add_error( __( 'The CIP stands either in transaction_id or in a field, written as meta:NAME.', 'pef-refunds' ) );
			return isset( $this->settings[ $key ] ) ? $this->settings[ $key ] : 'transaction_id';
		}
		return $typed;
	}
}
